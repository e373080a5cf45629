package message

import (
	"fmt"
	"sort"
	"strings"

	"alert-threader/internal/alerts"
)

const maxLabels = 20

var linkEscapes = strings.NewReplacer("|", "%7C", "\n", "")

func body(alert alerts.Alert, inThread bool) string {
	var lines []string
	for _, key := range []string{"summary", "description", "message"} {
		if text := alert.Annotations[key]; text != "" {
			lines = append(lines, escape(text))
		}
	}
	if !inThread { // the thread's first message has them
		lines = appendNotEmpty(lines, labels(alert), links(alert))
	}
	if text := strings.Join(lines, "\n"); text != "" {
		return text
	}
	return escape(alert.Name())
}

// labels in the order of code points, which is that of bytes in UTF-8.
func labels(alert alerts.Alert) string {
	var keys []string
	for key := range alert.Labels {
		if key != "alertname" && key != "severity" {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	var shown []string
	for _, key := range keys[:min(len(keys), maxLabels)] {
		shown = append(shown, fmt.Sprintf("`%s` %s", escape(key), escape(alert.Labels[key])))
	}
	if more := len(keys) - maxLabels; more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(shown, " · ")
}

func links(alert alerts.Alert) string {
	var shown []string
	for _, link := range [][2]string{{"runbook", alert.Annotations["runbook_url"]}, {"source", alert.GeneratorURL}} {
		if strings.HasPrefix(link[1], "http://") || strings.HasPrefix(link[1], "https://") {
			shown = append(shown, fmt.Sprintf("<%s|%s>", linkEscapes.Replace(escape(link[1])), link[0]))
		}
	}
	return strings.Join(shown, " · ")
}

func appendNotEmpty(lines []string, more ...string) []string {
	for _, line := range more {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
