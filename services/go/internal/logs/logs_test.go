package logs

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestALineIsOneJSONObjectWithoutAnySecret(t *testing.T) {
	var out bytes.Buffer
	SetUp(&out, "warning", []string{"xoxb-secret", "xoxb-secret-longer"}, "a")
	Info("not said")
	Warning("two\nlines with xoxb-secret-longer", "field", "xoxb-secret", "deep", []string{"xoxb-secret"})
	if strings.Count(out.String(), "\n") != 1 || strings.Contains(out.String(), "xoxb") {
		t.Fatal(out.String())
	}
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line["level"] != "warning" || line["msg"] != "two\nlines with [REDACTED]" {
		t.Fatal(line)
	}
}
