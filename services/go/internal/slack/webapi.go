package slack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"alert-threader/internal/message"
)

// webAPI is chat.postMessage.
type webAPI struct {
	url    string
	client *client
}

// payload has its fields in the order that every implementation sends them.
type payload struct {
	message.Message
	UnfurlLinks bool   `json:"unfurl_links"`
	ThreadTS    string `json:"thread_ts,omitempty"`
}

func newWebAPI(base string, with *client) webAPI {
	return webAPI{strings.TrimRight(base, "/") + "/chat.postMessage", with}
}

func (w webAPI) Post(text message.Message, thread string) (Posted, error) {
	got, err := w.client.call(w.url, payload{Message: text, ThreadTS: thread})
	if err != nil {
		return Posted{}, err
	}
	var said map[string]any
	if json.Unmarshal(got.body, &said) != nil || said == nil {
		return Posted{}, &Error{Code: fmt.Sprintf("http_%d, answer is not JSON", got.status)}
	}
	if said["ok"] != true {
		return Posted{}, refusal(said)
	}
	ts, ok := said["ts"].(string)
	if !ok {
		return Posted{}, &Error{Code: "answer_without_ts"}
	}
	channel, _ := said["channel"].(string)
	if channel == "" {
		channel = text.Channel
	}
	return Posted{channel, ts}, nil
}

func refusal(said map[string]any) *Error {
	code, ok := said["error"].(string)
	if !ok {
		code = "answer_not_understood"
	}
	failed := &Error{Code: code}
	if strings.Contains(code, "ratelimited") {
		failed.RetryAfter = after(defaultRetryAfter)
	}
	return failed
}

// incomingWebhook has its channel fixed at Slack, and never tells a message's id.
type incomingWebhook struct {
	url    string
	client *client
}

func (w incomingWebhook) Post(text message.Message, _ string) (Posted, error) {
	got, err := w.client.call(w.url, struct {
		Text        string               `json:"text"`
		Attachments []message.Attachment `json:"attachments"`
	}{text.Text, text.Attachments})
	if err != nil {
		return Posted{}, err
	}
	if got.status != 200 || string(bytes.TrimSpace(got.body)) != "ok" {
		return Posted{}, &Error{Code: fmt.Sprintf("http_%d", got.status)}
	}
	return Posted{Channel: text.Channel}, nil
}

func after(wait time.Duration) *time.Duration { return &wait }
