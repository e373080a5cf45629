package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"alert-threader/internal/incidents"
)

var firing = incidents.Thread{Status: incidents.Firing, Channel: "C1", TS: "1.000001"}

func TestWhatIsChangedGoesToTheEndAndTheLongestUnchangedGoFirst(t *testing.T) {
	kept := newRecords()
	for _, id := range []string{"a", "b", "c", "a", "d"} {
		kept = kept.with(id, pack(firing), time.Hour, 3)
	}
	if want := []string{"c", "a", "d"}; !slices.Equal(kept.order, want) || len(kept.byID) != 3 {
		t.Fatal(kept.order, kept.byID)
	}
}

func TestWhatIsExpiredGoesWithTheNextChange(t *testing.T) {
	kept := newRecords().with("old", pack(firing), time.Hour, 9)
	time.Sleep(5 * time.Millisecond)
	kept = kept.with("new", pack(firing), time.Millisecond, 9)
	if !slices.Equal(kept.order, []string{"new"}) {
		t.Fatal(kept.order)
	}
}

func TestAFileIsReadBackInItsOrder(t *testing.T) {
	kept := newRecords()
	for number := range 50 {
		kept = kept.with(fmt.Sprintf("%d \"é", 50-number), pack(firing), time.Hour, 99)
	}
	content, err := kept.encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := decodeRecords(content)
	if err != nil || !slices.Equal(back.order, kept.order) || *back.byID["1 \"é"].thread() != firing {
		t.Fatal(err, back.order)
	}
}

func TestWhatIsNoThreadStoreIsRefused(t *testing.T) {
	for _, content := range []string{"", "{", "[]", "null", "{}", `{"version":2,"incidents":{}}`, `{"version":1}`,
		`{"version":1,"incidents":[]}`, `{"version":1,"incidents":{"i":5}}`, `{"version":1,"incidents":{"i":{"status":"firing"}}}`} {
		if _, err := decodeRecords([]byte(content)); err == nil {
			t.Errorf("%s was taken", content)
		}
	}
}

func FuzzNoFileBreaksIt(f *testing.F) {
	f.Add([]byte(`{"version":1,"incidents":{"i":{"status":"firing","channel":"C1","ts":null,"at":1.5}}}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		if found, err := decodeRecords(content); err == nil {
			for _, id := range found.order {
				_ = found.byID[id].thread()
			}
		}
	})
}
