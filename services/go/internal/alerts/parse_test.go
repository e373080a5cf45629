package alerts

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"
)

const alert = `{"status":"firing","fingerprint":"f1","startsAt":"2026-11-23T22:00:00Z"}`

func webhook(alerts string) string {
	return `{"version":"4","status":"firing","alerts":[` + alerts + `]}`
}

func TestHalfOfASurrogatePairIsFoundWhereverItStands(t *testing.T) {
	for text, bad := range map[string]bool{
		`"\ud83d\ude00"`:       false,
		`"\uD83D\uDE00\ud83d"`: true,
		`"\ud83d"`:             true,
		`"\ude00"`:             true,
		`"\ud83dx\ude00"`:      true,
		`"\ud83d\n\ude00"`:     true,
		`"\\ud83d"`:            false,
		`"\\\ud83d"`:           true,
		`"\ud83d","\ude00"`:    true,
		`"\u00e9 \u0041"`:      false,
		`"\u12"`:               false, // no JSON at all, which the decoder finds
	} {
		if halfCharacter([]byte(text)) != bad {
			t.Errorf("%s: want %v", text, bad)
		}
	}
}

func TestMomentsAreReadToTheMicrosecond(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-23T22:00:00Z":                "20261123T220000.000000Z",
		"2026-11-23T22:00:00.123456789Z":      "20261123T220000.123456Z",
		"2026-11-24T00:30:00.1+02:30":         "20261123T220000.100000Z",
		"2026-11-23t22:00:00z":                "20261123T220000.000000Z",
		"2024-02-29 23:59:59.9999999999-0030": "20240301T002959.999999Z",
		"2026-11-23":                          "20261123T000000.000000Z",
	} {
		at, ok := parseMoment(text)
		if got := (Alert{StartsAt: at}).Incident(); !ok || got != ":"+want {
			t.Errorf("%s: %v %s, want %s", text, ok, got, want)
		}
	}
	for _, text := range []string{"", "now", "2026-02-29T00:00:00Z", "2026-00-10T00:00:00Z", "0000-01-01T00:00:00Z",
		"2026-11-23T22:60:00Z", "2026-11-23T22:00:61Z", "2026-11-23T22:00:00+24:00", "2026-11-23T22:00:00Zx"} {
		if _, ok := parseMoment(text); ok {
			t.Errorf("%s was taken", text)
		}
	}
}

func TestNumbersCountSecondsOrMillisecondsSince1970(t *testing.T) {
	for text, want := range map[string]int64{"1764000000": 1764000000e6, "1764000000.5": 1764000000500000,
		`"1764000000"`: 1764000000e6, "1764000000000": 1764000000e6, "0": 0, "-1": -1e6} {
		value, _ := decode([]byte(text))
		if at, ok := readMoment(value); !ok || at.Time.UnixMicro() != want {
			t.Errorf("%s: %v %v", text, ok, at)
		}
	}
	for _, text := range []string{"null", "true", `"1e3"`, "1e99", "[]"} {
		value, _ := decode([]byte(text))
		if _, ok := readMoment(value); ok {
			t.Errorf("%s was taken", text)
		}
	}
}

func TestKeysAreTakenInTheirOwnCaseOnly(t *testing.T) {
	_, problems, err := Parse([]byte(`{"VERSION":"4","status":"firing","alerts":[]}`))
	if err != nil || len(problems) != 1 || problems[0].At != "version" {
		t.Fatal(problems, err)
	}
}

func TestCountsAreWholeAndNotNegative(t *testing.T) {
	for text, want := range map[string]int64{"7": 7, "7.0": 7, "0": 0, "1e3": 1000, "1.5": -1, "-1": -1, `"7"`: 7, `"x"`: -1, "true": 1, "null": -1} {
		found, problems, err := Parse([]byte(`{"version":"4","status":"firing","alerts":[],"truncatedAlerts":` + text + `}`))
		if err != nil || (want < 0) != (len(problems) == 1) || (want >= 0 && found.TruncatedAlerts != want) {
			t.Errorf("%s: %d %v %v", text, found.TruncatedAlerts, problems, err)
		}
	}
}

func FuzzNoBodyMakesAnythingButAWebhookOrARefusal(f *testing.F) {
	for _, seed := range []string{"", "{}", webhook(alert), webhook(`{}`), `{"a":"\ud83d"}`, strings.Repeat("[", 20000)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		found, problems, err := Parse(body)
		if err != nil && !errors.Is(err, ErrNotJSON) {
			t.Fatal(err)
		}
		if err == nil && len(problems) == 0 {
			for _, each := range found.Alerts {
				_, _, _ = each.Incident(), each.Name(), each.Severity()
			}
		}
	})
}

func FuzzOnlyHalvesAreRefused(f *testing.F) {
	f.Add("a", uint16(0xd83d), uint16(0xde00))
	f.Fuzz(func(t *testing.T, before string, first, second uint16) {
		plain, _ := json.Marshal(before)
		text := append(plain[:len(plain)-1], escaped(first)+escaped(second)+`"`...)
		whole := utf16.IsSurrogate(rune(first)) == false && utf16.IsSurrogate(rune(second)) == false ||
			utf16.DecodeRune(rune(first), rune(second)) != '\uFFFD'
		if halfCharacter(text) == whole {
			t.Fatalf("%s: whole %v", text, whole)
		}
	})
}

func escaped(unit uint16) string {
	const digits = "0123456789abcdef"
	return `\u` + string([]byte{digits[unit>>12], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15]})
}
