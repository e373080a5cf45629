package deliver

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"alert-threader/internal/alerts"
	"alert-threader/internal/incidents"
	"alert-threader/internal/logs"
	"alert-threader/internal/message"
	"alert-threader/internal/metrics"
	"alert-threader/internal/settings"
	"alert-threader/internal/slack"
	"alert-threader/internal/store"
)

// remembering takes messages, unless a failure is queued; nil in the queue lets one through.
type remembering struct {
	failures []*slack.Error
	posts    []post
}

type post struct {
	incident string
	status   incidents.Status
	reply    bool
}

func (r *remembering) Post(text message.Message, thread string) (slack.Posted, error) {
	if len(r.failures) > 0 {
		failure := r.failures[0]
		r.failures = r.failures[1:]
		if failure != nil {
			return slack.Posted{}, failure
		}
	}
	payload := text.Metadata.EventPayload
	r.posts = append(r.posts, post{payload.Incident, payload.Status, thread != ""})
	return slack.Posted{Channel: "C1", TS: time.Duration(len(r.posts)).String()}, nil
}

func deliverer(t *testing.T, to slack.Slack) *Deliverer {
	t.Helper()
	chosen := settings.Settings{SlackBotToken: "xoxb-1", ThreadStore: "memory", ThreadTTL: time.Hour}
	kept, err := store.Open(chosen)
	if err != nil {
		t.Fatal(err)
	}
	d := New(chosen, kept, to, metrics.New("go", "0", "t", "test"), logs.At)
	d.sleep = func(time.Duration) {}
	return d
}

func some(random *rand.Rand) []alerts.Alert {
	var all []alerts.Alert
	for range random.IntN(6) {
		all = append(all, alerts.Alert{
			Status:      []incidents.Status{incidents.Firing, incidents.Resolved}[random.IntN(2)],
			Fingerprint: string(rune('a' + random.IntN(3))),
		})
	}
	return all
}

func TestWithFailuresAndRetriesNothingIsLostAndNothingIsPostedTwice(t *testing.T) {
	codes := []string{"http_503", "ratelimited", "channel_not_found", "unreachable (timeout)"}
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 0))
		to, last := &remembering{}, map[string]incidents.Status{}
		d := deliverer(t, to)
		for range 8 {
			for range random.IntN(4) {
				to.failures = append(to.failures, nil, &slack.Error{Code: codes[random.IntN(len(codes))]})
			}
			webhook := some(random)
			for _, alert := range webhook {
				last[alert.Incident()] = alert.Status
			}
			for tries := 0; !d.Deliver(webhook).Complete(); tries++ {
				if tries > 50 {
					t.Fatalf("seed %d: still not delivered", seed)
				}
			}
		}
		for incident, status := range last {
			posts := slices.DeleteFunc(slices.Clone(to.posts), func(p post) bool { return p.incident != incident })
			for number, each := range posts {
				if each.reply != (number > 0) || number > 0 && posts[number-1].status == each.status {
					t.Fatalf("seed %d: %v", seed, posts)
				}
			}
			if posts[len(posts)-1].status != status {
				t.Fatalf("seed %d: Slack does not show the last state", seed)
			}
		}
	}
}

// failing stands for a store that fails as told.
type failing struct {
	store.Store
	check, put bool
}

func (f *failing) Check() error {
	if f.check {
		return &store.Error{Reason: "full"}
	}
	return nil
}

func (f *failing) Put(incident string, thread incidents.Thread) error {
	if f.put {
		return &store.Error{Reason: "full"}
	}
	return f.Store.Put(incident, thread)
}

func TestNothingIsPostedWhileTheStoreCannotKeepIt(t *testing.T) {
	to := &remembering{}
	d := deliverer(t, to)
	d.store = &failing{Store: d.store, check: true}
	report := d.Deliver([]alerts.Alert{{Status: incidents.Firing}, {Status: incidents.Resolved}})
	if !report.StoreFailed || report.NotTried != 1 || len(to.posts) != 0 {
		t.Fatal(report, to.posts)
	}
}

func TestWhatWasPostedButNotKeptIsKeptAtTheRetryAndNotPostedAgain(t *testing.T) {
	to := &remembering{}
	d := deliverer(t, to)
	broken := &failing{Store: d.store, put: true}
	d.store = broken
	alert := []alerts.Alert{{Status: incidents.Firing}}
	if d.Deliver(alert).Complete() || d.Deliver(alert).Complete() {
		t.Fatal("a store that takes nothing went unnoticed")
	}
	broken.put = false
	if !d.Deliver(alert).Complete() || len(to.posts) != 1 {
		t.Fatal(to.posts)
	}
}
