// Package incidents decides what to post for an alert, given what the incident's thread already has. Pure.
package incidents

// Status of an alert.
type Status string

// The two that Alertmanager knows.
const (
	Firing   Status = "firing"
	Resolved Status = "resolved"
)

// Known tells whether it is one of the two.
func (s Status) Known() bool { return s == Firing || s == Resolved }

// Thread is what is kept of an incident: its last posted state and where its thread is.
type Thread struct {
	Status  Status
	Channel string
	// TS is Slack's id of the first message; empty when it went through an incoming webhook, which tells none.
	TS string
}

// Step is what a delivery does to an incident.
type Step string

// Every step, by the word that metrics and answers use.
const (
	Skip         Step = "duplicate"
	Open         Step = "opened"
	OpenResolved Step = "opened_resolved"
	Reply        Step = "threaded"
	PostAgain    Step = "unthreaded"
)

// Steps are all of them.
var Steps = []Step{Skip, Open, OpenResolved, Reply, PostAgain}

// Next decides from the last state that Slack has seen; known is nil for an incident that nobody heard of.
//
// Only a change of state is posted, so Alertmanager's repeats and retries are silent. An alert may come back with its
// old start (its source was away for longer than resolve_timeout): that is news again and goes into its thread.
func Next(known *Thread, status Status) Step {
	switch {
	case known == nil && status == Firing:
		return Open
	case known == nil:
		return OpenResolved
	case known.Status == status:
		return Skip
	case known.TS != "":
		return Reply
	default:
		return PostAgain
	}
}
