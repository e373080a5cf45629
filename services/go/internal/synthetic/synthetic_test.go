package synthetic

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"alert-threader/internal/deliver"
	"alert-threader/internal/incidents"
	"alert-threader/internal/metrics"
	"alert-threader/internal/settings"
	"alert-threader/internal/slack"
)

var chosen = settings.Settings{
	SlackBotToken: "xoxb-1", SyntheticKey: "0123456789abcdef", SyntheticChannel: "#synthetic",
	RedisKeyPrefix: "p:", ThreadStore: "memory", ThreadStoreFile: "/x/threads.json", ThreadTTL: 24 * time.Hour,
}

const body = `{"a":"é"}`

var now = time.Unix(1700000000, 0)

func headers(at, signature string) http.Header {
	found := http.Header{}
	found.Set(Time, at)
	found.Set(Signature, signature)
	return found
}

func TestASignatureIsTheOneOfTheDocumentation(t *testing.T) {
	good := headers("1700000000", "sha256=bb89790fe3947d40e57e5bb306aed4afd1ba868fa386f98dc4469e14f50ebb97")
	if reason := Refusal(chosen, good, []byte(body), now); reason != "" {
		t.Fatal(reason)
	}
	if Refusal(chosen, good, []byte(body+" "), now) == "" || Refusal(settings.Settings{}, good, []byte(body), now) == "" {
		t.Fatal("taken")
	}
	good.Add(Time, "1700000000")
	if Refusal(chosen, good, []byte(body), now) == "" {
		t.Fatal("a header that comes twice was taken")
	}
}

func TestATimeMayBeFiveMinutesOff(t *testing.T) {
	for at, good := range map[string]bool{"1699999700": true, "1699999699": false, "1700000300": true, "1700000301": false} {
		reason := Refusal(chosen, headers(at, sign(chosen.SyntheticKey, at, []byte(body))), []byte(body), now)
		if (reason == "") != good {
			t.Errorf("%s: %q", at, reason)
		}
	}
}

func TestAnyOfTheHeadersIsAClaim(t *testing.T) {
	for _, name := range []string{Time, Signature} {
		found := http.Header{}
		found.Set(name, "")
		if !Claimed(found) || Claimed(http.Header{}) || Refusal(chosen, found, nil, now) == "" {
			t.Error(name)
		}
	}
}

func TestWhatIsTheirsIsApartFromWhatIsReal(t *testing.T) {
	own := Apart(chosen)
	if own.SlackChannel != "#synthetic" || own.RedisKeyPrefix != "p:synthetic:" || own.ThreadTTL != time.Hour ||
		own.ThreadStoreFile != "/x/threads.json.synthetic" || chosen.RedisKeyPrefix != "p:" {
		t.Fatal(own)
	}
	if nobody, err := Open(settings.Settings{}, slack.Connect(chosen)); nobody != nil || err != nil {
		t.Fatal("delivered for nobody", err)
	}
}

func TestWhatWasNeitherPostedNowNorBeforeHasFailed(t *testing.T) {
	counted := metrics.New("go", "0", "t", "test")
	Count(counted, 4, deliver.Report{
		Done:      map[incidents.Step]int{incidents.Open: 2, incidents.Skip: 1}, // one that was opened has no id
		Delivered: []deliver.Delivered{{Fingerprint: "f1", TS: "1.0"}},
	})
	Count(counted, 3, deliver.Report{})
	answer := httptest.NewRecorder()
	counted.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for result, want := range map[string]string{"delivered": "1", "failed": "5"} {
		if !strings.Contains(answer.Body.String(), `synthetic_alerts_total{result="`+result+`"} `+want+"\n") {
			t.Errorf("%s: not %s", result, want)
		}
	}
}
