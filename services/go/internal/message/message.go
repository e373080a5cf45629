// Package message makes an alert a Slack message. Pure.
package message

import (
	"strings"
	"unicode/utf8"

	"alert-threader/internal/alerts"
	"alert-threader/internal/incidents"
)

// MaxText is in code points. Slack shows no more of an attachment before it folds it; its own limit is 40 000.
const MaxText = 3000

const resolvedColour = "#2e9e5b"

var (
	channels = map[string]string{"critical": "#alerts-critical", "warning": "#alerts-warning", "info": "#alerts-info"}
	colours  = map[string]string{"critical": "#d63232", "warning": "#e8a317", "info": "#3b82c4"}
)

// Message is what is posted, in the words and the order of chat.postMessage.
type Message struct {
	Channel     string       `json:"channel"`
	Text        string       `json:"text"`
	Attachments []Attachment `json:"attachments"`
	Metadata    Metadata     `json:"metadata"`
}

// Attachment has the body of a message beside a coloured bar.
type Attachment struct {
	Color    string   `json:"color"`
	Text     string   `json:"text"`
	MrkdwnIn []string `json:"mrkdwn_in"`
}

// Metadata lets a person (or a later version) tell which incident a message belongs to.
type Metadata struct {
	EventType    string  `json:"event_type"`
	EventPayload Payload `json:"event_payload"`
}

// Payload of the metadata.
type Payload struct {
	Incident string           `json:"incident"`
	Status   incidents.Status `json:"status"`
}

// ChannelFor an alert: the fixed one if there is one. An unknown severity goes where people look, so to the warnings.
func ChannelFor(alert alerts.Alert, fixed string) string {
	if fixed != "" {
		return fixed
	}
	return bySeverity(channels, alert)
}

// Render the message that tells what the step means for the incident.
func Render(alert alerts.Alert, step incidents.Step, channel, environment string) Message {
	colour := bySeverity(colours, alert)
	if alert.Status == incidents.Resolved {
		colour = resolvedColour
	}
	return Message{
		Channel: channel,
		Text:    cut(headline(alert, step, environment)),
		Attachments: []Attachment{
			{Color: colour, Text: cut(body(alert, step == incidents.Reply)), MrkdwnIn: []string{"text"}},
		},
		Metadata: Metadata{"alert_threader", Payload{alert.Incident(), alert.Status}},
	}
}

func bySeverity(table map[string]string, alert alerts.Alert) string {
	if found, ok := table[alert.Severity()]; ok {
		return found
	}
	return table["warning"]
}

var escaped = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape makes text as Slack wants it, so that no label can mention @channel or make a link.
func escape(text string) string { return escaped.Replace(text) }

func cut(text string) string {
	if utf8.RuneCountInString(text) <= MaxText {
		return text
	}
	return string([]rune(text)[:MaxText-3]) + "..."
}
