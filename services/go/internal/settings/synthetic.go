package settings

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const shortestKey = 16 // characters

var readByPeople = []string{"alerts-critical", "alerts-warning", "alerts-info"}

// synthetic is who may send synthetic alerts, and where to: both or none.
func (r *reader) synthetic(s Settings) (key, channel string) {
	key, channel = r.get("SYNTHETIC_KEY"), r.word("SYNTHETIC_CHANNEL", "")
	if key != "" && utf8.RuneCountInString(key) < shortestKey {
		r.mistake(fmt.Sprintf("SYNTHETIC_KEY: must have at least %d characters", shortestKey))
	}
	if key == "" && channel != "" {
		r.mistake("SYNTHETIC_KEY: missing, SYNTHETIC_CHANNEL is set")
	}
	if channel == "" && key != "" {
		r.mistake("SYNTHETIC_CHANNEL: missing, SYNTHETIC_KEY is set")
	}
	if channel == "" {
		return key, channel
	}
	bare := strings.TrimLeft(channel, "#")
	if slices.Contains(readByPeople, bare) || bare == strings.TrimLeft(s.SlackChannel, "#") {
		r.wrong("SYNTHETIC_CHANNEL", channel, "must not be a channel of real alerts")
	}
	if s.SlackBotToken == "" && s.SlackWebhookURL != "" {
		r.wrong("SYNTHETIC_CHANNEL", channel, "needs SLACK_BOT_TOKEN, as an incoming webhook has one channel for all")
	}
	return key, channel
}
