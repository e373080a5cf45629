package message

import (
	"fmt"

	"alert-threader/internal/alerts"
	"alert-threader/internal/incidents"
)

func headline(alert alerts.Alert, step incidents.Step, environment string) string {
	severity := alert.Severity()
	if severity == "" {
		severity = "no severity"
	}
	what := fmt.Sprintf("*%s* (%s, %s)", escape(alert.Name()), escape(severity), escape(environment))
	if alert.Status == incidents.Resolved {
		unknown := ""
		if step == incidents.OpenResolved {
			unknown = " - its first message is not known here"
		}
		return ":white_check_mark: Resolved: " + what + after(alert) + unknown
	}
	again := " again"
	if step == incidents.Open {
		again = ""
	}
	return ":rotating_light: Firing" + again + ": " + what
}

// after tells how long it took, when that can be known.
func after(alert alerts.Alert) string {
	if alert.EndsAt == nil || alert.EndsAt.Zoned != alert.StartsAt.Zoned {
		return ""
	}
	micros := alert.EndsAt.Time.UnixMicro() - alert.StartsAt.Time.UnixMicro()
	if micros <= 0 {
		return ""
	}
	seconds := micros / 1_000_000
	for _, unit := range []struct {
		size int64
		name string
	}{{86400, "d"}, {3600, "h"}, {60, "min"}} {
		if seconds >= unit.size {
			return fmt.Sprintf(" after %d %s", seconds/unit.size, unit.name)
		}
	}
	return fmt.Sprintf(" after %d s", seconds)
}
