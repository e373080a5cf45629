// Package settings reads environment variables and checks them all at once before anything starts.
package settings

import (
	"sort"
	"strings"
	"time"
)

// Settings has every variable the threader reads; services/python/README.md says what each means.
type Settings struct {
	SlackBotToken   string
	SlackWebhookURL string
	SlackChannel    string
	SlackAPIURL     string
	SlackTimeout    time.Duration
	SlackMaxWait    time.Duration
	Environment     string
	Instance        string
	ThreadStore     string
	ThreadStoreFile string
	ThreadTTL       time.Duration
	RedisURL        string
	RedisKeyPrefix  string
	// SyntheticKey signs synthetic alerts, which go to the SyntheticChannel; both are empty when nobody may send any.
	SyntheticKey     string
	SyntheticChannel string
	BindHost         string
	BindPort         int
	MaxBodyBytes     int64
	DrainSeconds     float64
	ShutdownTimeout  time.Duration
	LogLevel         string
}

// Load reads and checks the environment; an empty variable counts as unset. Mistakes are one sentence each.
func Load(getenv func(string) string) (Settings, []string) {
	r := &reader{getenv: getenv}
	s := Settings{
		SlackBotToken:   r.token(),
		SlackWebhookURL: r.secret("SLACK_WEBHOOK_URL", "is not an http(s) address", "https://", "http://"),
		SlackChannel:    r.word("SLACK_CHANNEL", ""),
		SlackAPIURL:     r.address("SLACK_API_URL", "https://slack.com/api"),
		SlackTimeout:    seconds(r.number("SLACK_TIMEOUT", 10, 0.1, 20)),
		SlackMaxWait:    seconds(r.number("SLACK_MAX_WAIT", 5, 0, 20)),
		Environment:     r.word("ENVIRONMENT", "production"),
		Instance:        r.word("INSTANCE", "threader"),
		ThreadTTL:       seconds(86400 * r.numberAbove("THREAD_TTL_DAYS", 30, 0, 3650)),
		RedisURL: r.secret("REDIS_URL", "must start with redis://, rediss:// or unix://",
			"redis://", "rediss://", "unix://"),
		RedisKeyPrefix:  r.word("REDIS_KEY_PREFIX", "alert-threader:"),
		BindHost:        r.word("BIND_HOST", "127.0.0.1"),
		BindPort:        r.whole("BIND_PORT", 9009, 1, 65535),
		MaxBodyBytes:    int64(r.whole("MAX_BODY_BYTES", 1<<20, 1024, 64<<20)),
		DrainSeconds:    r.number("DRAIN_SECONDS", 1, 0, 300),
		ShutdownTimeout: seconds(float64(r.whole("SHUTDOWN_TIMEOUT", 25, 1, 300))),
		LogLevel:        r.choice("LOG_LEVEL", "info", "debug", "info", "warning", "error"),
	}
	s.SyntheticKey, s.SyntheticChannel = r.synthetic(s)
	s.ThreadStore, s.ThreadStoreFile = r.store(s.RedisURL != "")
	if s.SlackBotToken == "" && s.SlackWebhookURL == "" {
		r.mistake("SLACK_BOT_TOKEN: missing (or set SLACK_WEBHOOK_URL for messages without threads)")
	}
	sort.Strings(r.mistakes)
	return s, r.mistakes
}

// LongestDelivery is how long one alert can take at most: two calls to Slack (the thread may be gone), waits between.
func (s Settings) LongestDelivery() time.Duration {
	return 4*s.SlackTimeout + s.SlackMaxWait + 10*time.Second
}

// Secrets are the texts that must not appear in a log.
func (s Settings) Secrets() []string {
	var found []string
	for _, secret := range []string{s.SlackBotToken, s.SlackWebhookURL, s.RedisURL, s.SyntheticKey} {
		if strings.TrimSpace(secret) != "" {
			found = append(found, secret)
		}
	}
	return found
}

func seconds(number float64) time.Duration { return time.Duration(number * float64(time.Second)) }
