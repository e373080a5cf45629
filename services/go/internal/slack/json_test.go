package slack

import (
	"encoding/json"
	"testing"
)

func TestTextGoesOutAsItIs(t *testing.T) {
	for text, want := range map[string]string{
		"a<b>&c":            `"a<b>&c"`,
		"\u2028\u2029":      "\"\u2028\u2029\"",
		`\u2028`:            `"\\u2028"`,
		`\` + "\u2028":      `"\\` + "\u2028\"",
		"\b\f\n\r\t\x01":    `"\b\f\n\r\t\u0001"`,
		"\x7f\u00a0\ufeff🔥": "\"\x7f\u00a0\ufeff🔥\"",
		`quote " slash \ /`: `"quote \" slash \\ /"`,
	} {
		if got, err := asJSON(text); err != nil || string(got) != want {
			t.Errorf("%q: %s, want %s (%v)", text, got, want, err)
		}
	}
}

func FuzzWhatGoesOutIsReadBackTheSame(f *testing.F) {
	f.Add("a\u2028\\u2029\\\\u2028")
	f.Fuzz(func(t *testing.T, text string) {
		sent, err := asJSON(text)
		if err != nil {
			t.Fatal(err)
		}
		var back, plain string
		usual, _ := json.Marshal(text)
		_ = json.Unmarshal(usual, &plain)
		if err := json.Unmarshal(sent, &back); err != nil || back != plain {
			t.Fatalf("%q became %q as %s (%v)", plain, back, sent, err)
		}
	})
}
