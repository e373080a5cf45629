package alerts

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"sort"

	"alert-threader/internal/incidents"
)

var whole = regexp.MustCompile(`^\d+(\.0+)?$`)

// form is a JSON object whose fields are read one by one; what is wrong with them is collected.
type form struct {
	at       string
	fields   map[string]any
	problems []Problem
}

func (f *form) wrong(key, problem string) {
	f.problems = append(f.problems, Problem{f.at + key, problem})
}

// inside is the object at a place of a list; nil when there is none.
func (f *form) inside(key string, number int, value any) *form {
	at := fmt.Sprintf("%s%s.%d", f.at, key, number)
	fields, ok := value.(map[string]any)
	if !ok {
		f.problems = append(f.problems, Problem{at, "must be an object"})
		return nil
	}
	return &form{at: at + ".", fields: fields}
}

func (f *form) status() incidents.Status {
	text, _ := f.fields["status"].(string)
	status := incidents.Status(text)
	if !status.Known() {
		f.wrong("status", "must be 'firing' or 'resolved'")
	}
	return status
}

func (f *form) fingerprint() string {
	text, _ := f.fields["fingerprint"].(string)
	if !fingerprint.MatchString(text) {
		f.wrong("fingerprint", "must be 1 to 128 letters, digits, '_', '.' or '-'")
	}
	return text
}

func (f *form) moment(key string) Moment {
	found, ok := readMoment(f.fields[key])
	if !ok {
		f.wrong(key, "must be a time like 2026-11-23T22:00:00Z")
	}
	return found
}

// moment0 is a time that may be absent or null.
func (f *form) moment0(key string) *Moment {
	if f.fields[key] == nil {
		return nil
	}
	found := f.moment(key)
	return &found
}

func (f *form) text(key string) string {
	value, there := f.fields[key]
	text, ok := value.(string)
	if there && !ok {
		f.wrong(key, "must be a text")
	}
	return text
}

func (f *form) texts(key string) map[string]string {
	value, there := f.fields[key]
	fields, ok := value.(map[string]any)
	if there && !ok {
		f.wrong(key, "must be an object")
	}
	found := make(map[string]string, len(fields))
	for _, name := range sorted(fields) {
		text, ok := fields[name].(string)
		if !ok {
			f.wrong(key+"."+name, "must be a text")
		}
		found[name] = text
	}
	return found
}

func (f *form) list(key string) []any {
	list, ok := f.fields[key].([]any)
	if !ok {
		f.wrong(key, "must be a list")
	}
	return list
}

// count is a whole number from 0, 0 when absent.
func (f *form) count(key string) int64 {
	value, there := f.fields[key]
	if !there {
		return 0
	}
	if yes, ok := value.(bool); ok { // as the other threaders have it
		return map[bool]int64{true: 1}[yes]
	}
	number, isNumber := value.(json.Number)
	text, _ := value.(string)
	if !isNumber && whole.MatchString(text) {
		number = json.Number(text)
	}
	exact, ok := new(big.Float).SetString(string(number))
	if !ok || !exact.IsInt() || exact.Sign() < 0 {
		f.wrong(key, "must be a whole number from 0")
		return 0
	}
	count, _ := exact.Int64() // more than fits is cut: it only goes into a counter
	return count
}

func sorted(fields map[string]any) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
