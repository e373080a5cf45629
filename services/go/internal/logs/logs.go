// Package logs writes structured logs: one JSON object a line, and never a secret in one.
package logs

import (
	"context"
	"io"
	"log/slog"
	"sort"
	"strings"
)

const redacted = "[REDACTED]"

var levels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warning": slog.LevelWarn, "error": slog.LevelError,
}

var logger = slog.New(slog.NewJSONHandler(io.Discard, nil))

// SetUp sends all logs to out as {"ts", "level", "msg", "instance", fields...} with every known secret blotted out.
func SetUp(out io.Writer, level string, secrets []string, instance string) {
	options := &slog.HandlerOptions{Level: levels[level], ReplaceAttr: named}
	logger = slog.New(slog.NewJSONHandler(redactor(out, secrets), options)).With("instance", instance)
}

// Debug, Info, Warning and Error log one event with its fields: name, value, name, value.
func Debug(message string, fields ...any) { logger.Debug(message, fields...) }

// Info is for what happens as it should.
func Info(message string, fields ...any) { logger.Info(message, fields...) }

// Warning is for what somebody should look at.
func Warning(message string, fields ...any) { logger.Warn(message, fields...) }

// Error is for what did not work.
func Error(message string, fields ...any) { logger.Error(message, fields...) }

// Say logs one event at a level, with its fields.
type Say func(level slog.Level, message string, fields ...any)

// At is what Debug, Info, Warning and Error do.
func At(level slog.Level, message string, fields ...any) {
	logger.Log(context.Background(), level, message, fields...)
}

// Synthetic tells what became of a synthetic alert: a failure as a warning, since errors alert, and all else for who
// debugs.
func Synthetic(level slog.Level, message string, fields ...any) {
	quiet := slog.LevelDebug
	if level >= slog.LevelError {
		quiet = slog.LevelWarn
	}
	At(quiet, message, append([]any{"synthetic", true}, fields...)...)
}

// named gives the fields the names and forms that all threaders have.
func named(groups []string, field slog.Attr) slog.Attr {
	switch {
	case len(groups) > 0:
	case field.Key == slog.TimeKey && field.Value.Kind() == slog.KindTime:
		return slog.String("ts", field.Value.Time().UTC().Format("2006-01-02T15:04:05.000-07:00"))
	case field.Key == slog.LevelKey:
		return slog.String("level", name(field.Value))
	}
	return field
}

func name(value slog.Value) string {
	for name, level := range levels {
		if value.Any() == level {
			return name
		}
	}
	return value.String() // a field of an event that is called level
}

type redacting struct {
	out     io.Writer
	replace *strings.Replacer
}

func redactor(out io.Writer, secrets []string) io.Writer {
	// Longest first: a secret may be part of another one.
	known := append([]string(nil), secrets...)
	sort.Slice(known, func(i, j int) bool { return len(known[i]) > len(known[j]) })
	var pairs []string
	for _, secret := range known {
		pairs = append(pairs, secret, redacted)
	}
	return &redacting{out, strings.NewReplacer(pairs...)}
}

// Write gets one whole line, as slog's handlers promise.
func (r *redacting) Write(line []byte) (int, error) {
	if _, err := io.WriteString(r.out, r.replace.Replace(string(line))); err != nil {
		return 0, err
	}
	return len(line), nil
}
