// Package slack posts messages: through the Web API with a bot token, or an incoming webhook without threads.
package slack

import (
	"alert-threader/internal/message"
	"alert-threader/internal/settings"
)

// Posted is where a message ended up; TS is empty when Slack does not tell.
type Posted struct{ Channel, TS string }

// Slack takes messages; a failure is always an *Error.
type Slack interface {
	// Post as a reply when thread is not empty.
	Post(text message.Message, thread string) (Posted, error)
}

// Connect makes the client that the settings ask for; a token wins over a webhook.
func Connect(chosen settings.Settings) Slack {
	if chosen.SlackBotToken != "" {
		return newWebAPI(chosen.SlackAPIURL, newClient(chosen.SlackBotToken, chosen.SlackTimeout))
	}
	return incomingWebhook{chosen.SlackWebhookURL, newClient("", chosen.SlackTimeout)}
}
