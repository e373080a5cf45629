package slack

import "time"

// Error is what Slack did not take a message for.
type Error struct {
	Code string
	// RetryAfter is set when Slack said how long to wait.
	RetryAfter *time.Duration
}

func (e *Error) Error() string { return e.Code }

// RateLimited tells whether Slack said "too fast".
func (e *Error) RateLimited() bool { return e.Code == "ratelimited" }

// ThreadGone tells whether somebody deleted the thread.
func (e *Error) ThreadGone() bool { return threadGone[e.Code] }

// AboutOneMessage tells whether other messages may still go through.
func (e *Error) AboutOneMessage() bool { return threadGone[e.Code] || aboutOneMessage[e.Code] }

var threadGone = map[string]bool{
	"thread_not_found": true, "invalid_thread_ts": true, "message_not_found": true, "cannot_reply_to_message": true,
}

// These are about the message or its channel. Everything else stops the delivery.
var aboutOneMessage = map[string]bool{
	"channel_not_found": true, "not_in_channel": true, "is_archived": true, "restricted_action": true,
	"msg_too_long": true, "no_text": true, "invalid_attachments": true, "metadata_too_large": true,
}
