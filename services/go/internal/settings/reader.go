package settings

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxWord = 200

// reader takes variables one by one and collects what is wrong with them.
type reader struct {
	getenv   func(string) string
	mistakes []string
}

func (r *reader) get(name string) string { return strings.TrimSpace(r.getenv(name)) }

func (r *reader) mistake(sentence string) { r.mistakes = append(r.mistakes, sentence) }

// wrong names a variable whose value may be shown.
func (r *reader) wrong(name, value, reason string) {
	r.mistake(fmt.Sprintf("%s='%s': %s", name, value, reason))
}

// token is Slack's; its value is never shown.
func (r *reader) token() string {
	value := r.get("SLACK_BOT_TOKEN")
	if value != "" && (!strings.HasPrefix(value, "xox") || strings.Contains(value, " ")) {
		r.mistake("SLACK_BOT_TOKEN: is not a Slack token (it starts with xoxb-)")
	}
	return value
}

// secret is an address whose value is never shown.
func (r *reader) secret(name, reason string, beginnings ...string) string {
	value := r.get(name)
	begins := func(with string) bool { return strings.HasPrefix(value, with) }
	if value != "" && !slices.ContainsFunc(beginnings, begins) {
		r.mistake(name + ": " + reason)
	}
	return value
}

func (r *reader) word(name, unset string) string {
	value := r.get(name)
	if value == "" {
		return unset
	}
	if strings.ContainsFunc(value, unicode.IsSpace) || utf8.RuneCountInString(value) > maxWord {
		r.wrong(name, value, fmt.Sprintf("must be one word of at most %d characters", maxWord))
	}
	return value
}

func (r *reader) address(name, unset string) string {
	value := r.get(name)
	if value == "" {
		return unset
	}
	parsed, err := url.Parse(value)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		r.wrong(name, value, "must be an http(s) address")
	}
	return value
}

func (r *reader) choice(name, unset string, of ...string) string {
	value := strings.ToLower(r.get(name))
	if value == "" {
		return unset
	}
	if !slices.Contains(of, value) {
		r.wrong(name, value, "must be one of "+strings.Join(of, ", "))
	}
	return value
}

func (r *reader) number(name string, unset, least, most float64) float64 {
	return r.float(name, unset, fmt.Sprintf("must be a number from %v to %v", least, most), func(value float64) bool {
		return value >= least && value <= most
	})
}

func (r *reader) numberAbove(name string, unset, over, most float64) float64 {
	return r.float(name, unset, fmt.Sprintf("must be a number above %v, up to %v", over, most), func(value float64) bool {
		return value > over && value <= most
	})
}

func (r *reader) whole(name string, unset, least, most int) int {
	rule := fmt.Sprintf("must be a whole number from %d to %d", least, most)
	return int(r.float(name, float64(unset), rule, func(value float64) bool {
		return value == math.Trunc(value) && value >= float64(least) && value <= float64(most)
	}))
}

func (r *reader) float(name string, unset float64, rule string, good func(float64) bool) float64 {
	text := r.get(name)
	if text == "" {
		return unset
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || !good(value) { // not a number is never good
		r.wrong(name, text, rule)
		return unset
	}
	return value
}
