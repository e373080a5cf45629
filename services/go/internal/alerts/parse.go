package alerts

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"unicode/utf8"
)

// Problem is one thing that is wrong with a webhook, and where.
type Problem struct {
	At      string `json:"at"`
	Problem string `json:"problem"`
}

// ErrNotJSON is wrapped by what Parse returns for a body that is no JSON.
var ErrNotJSON = errors.New("the body is not JSON")

var fingerprint = regexp.MustCompile(`^[0-9A-Za-z_.-]{1,128}$`)

// Parse reads a body: an error when it is not JSON, problems when it is not Alertmanager's.
//
// It walks the JSON itself: encoding/json takes keys in any case and null for anything, and mends what is not UTF-8.
func Parse(body []byte) (Webhook, []Problem, error) {
	value, err := decode(body)
	if err != nil {
		return Webhook{}, nil, errors.Join(ErrNotJSON, err)
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return Webhook{}, []Problem{{"(body)", "must be an object"}}, nil
	}
	found := &form{fields: fields}
	webhook := found.webhook()
	return webhook, found.problems, nil
}

func decode(body []byte) (any, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("it is not UTF-8")
	}
	if halfCharacter(body) {
		return nil, errors.New("it has half of a surrogate pair")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("there is more behind it")
	}
	return value, nil
}

func (f *form) webhook() Webhook {
	if text, ok := f.fields["version"].(string); !ok || text != "4" {
		f.wrong("version", "must be '4'")
	}
	f.status()
	list := f.list("alerts")
	var webhook Webhook
	for number, each := range list {
		webhook.Alerts = append(webhook.Alerts, f.alert(number, each))
	}
	webhook.TruncatedAlerts = f.count("truncatedAlerts")
	f.text("externalURL")
	return webhook
}

func (f *form) alert(number int, value any) Alert {
	inner := f.inside("alerts", number, value)
	if inner == nil {
		return Alert{}
	}
	alert := Alert{
		Status:       inner.status(),
		Fingerprint:  inner.fingerprint(),
		StartsAt:     inner.moment("startsAt"),
		EndsAt:       inner.moment0("endsAt"),
		Labels:       inner.texts("labels"),
		Annotations:  inner.texts("annotations"),
		GeneratorURL: inner.text("generatorURL"),
	}
	f.problems = append(f.problems, inner.problems...)
	return alert
}
