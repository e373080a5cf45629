package deliver

import (
	"errors"
	"log/slog"
	"time"

	"alert-threader/internal/alerts"
	"alert-threader/internal/incidents"
	"alert-threader/internal/message"
	"alert-threader/internal/slack"
)

const leastWait = 50 * time.Millisecond

// post tells Slack, and returns the thread as it is then, the message's own id, and the step that was taken in the end.
func (d *Deliverer) post(
	alert alerts.Alert, step incidents.Step, known *incidents.Thread, waiting *budget,
) (incidents.Thread, string, incidents.Step, error) {
	environment := d.settings.Environment
	if step == incidents.Reply {
		posted, err := d.send(message.Render(alert, step, known.Channel, environment), known.TS, waiting)
		if err == nil {
			// A reply's own id is not the thread's.
			return incidents.Thread{Status: alert.Status, Channel: posted.Channel, TS: known.TS}, posted.TS, step, nil
		}
		var refused *slack.Error
		if !errors.As(err, &refused) || !refused.ThreadGone() {
			return incidents.Thread{}, "", step, err
		}
		d.say(slog.LevelWarn, "the thread is gone from Slack, a new one is opened", "incident", alert.Incident())
		step = incidents.PostAgain
	}
	channel := message.ChannelFor(alert, d.settings.SlackChannel)
	posted, err := d.send(message.Render(alert, step, channel, environment), "", waiting)
	return incidents.Thread{Status: alert.Status, Channel: posted.Channel, TS: posted.TS}, posted.TS, step, err
}

func (d *Deliverer) send(text message.Message, thread string, waiting *budget) (slack.Posted, error) {
	for {
		begun := time.Now()
		posted, err := d.slack.Post(text, thread)
		d.metrics.SlackSeconds.Observe(time.Since(begun).Seconds())
		var refused *slack.Error
		if !errors.As(err, &refused) || !refused.RateLimited() || !waiting.wait(refused.RetryAfter) {
			return posted, err
		}
		d.metrics.SlackWaits.Inc()
	}
}

// budget is how long one webhook may wait for Slack in all.
type budget struct {
	left  time.Duration
	sleep func(time.Duration)
}

// wait if there is budget left for it.
func (b *budget) wait(asked *time.Duration) bool {
	wait := leastWait
	if asked != nil {
		wait = max(*asked, leastWait)
	}
	if wait > b.left {
		return false
	}
	b.left -= wait
	b.sleep(wait)
	return true
}
