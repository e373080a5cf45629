// Package synthetic has signed synthetic alerts: they take the way of real ones to Slack, but to a channel and with
// records of their own.
//
// No count of real alerts and no rule about logs may notice them. Whoever looks at a release sends them to the instance
// itself: the edge counts all that goes through it.
package synthetic

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"alert-threader/internal/deliver"
	"alert-threader/internal/incidents"
	"alert-threader/internal/logs"
	"alert-threader/internal/metrics"
	"alert-threader/internal/settings"
	"alert-threader/internal/slack"
	"alert-threader/internal/store"
)

// The headers that make a webhook a synthetic one.
const (
	Time      = "X-Threader-Synthetic-Time"
	Signature = "X-Threader-Synthetic-Signature"
)

const (
	maxAge = 300 * time.Second // also into the future
	ttl    = time.Hour         // long enough for a look at a release; then nothing is left
)

var seconds = regexp.MustCompile(`^[0-9]{1,12}$`)

// Claimed tells whether a request says that it is synthetic, rightly or not.
func Claimed(header http.Header) bool {
	return len(header.Values(Time)) > 0 || len(header.Values(Signature)) > 0
}

// Refusal is why a request that says it is synthetic is not taken for one, empty when it is.
func Refusal(chosen settings.Settings, header http.Header, body []byte, now time.Time) string {
	if chosen.SyntheticKey == "" || chosen.SyntheticChannel == "" {
		return "SYNTHETIC_KEY and SYNTHETIC_CHANNEL are not set here"
	}
	at, signature := strings.Join(header.Values(Time), ", "), strings.Join(header.Values(Signature), ", ")
	switch {
	case at == "":
		return Time + " is missing"
	case signature == "":
		return Signature + " is missing"
	case !seconds.MatchString(at):
		return Time + " is not a number of seconds since 1970"
	case !hmac.Equal([]byte(sign(chosen.SyntheticKey, at, body)), []byte(signature)): // in constant time
		return "the signature is not that of SYNTHETIC_KEY over the time and the body"
	}
	unix, _ := strconv.ParseInt(at, 10, 64) // digits, and few
	if age := now.Sub(time.Unix(unix, 0)); age > maxAge || age < -maxAge {
		return fmt.Sprintf("the time is more than %.0f s away from now", maxAge.Seconds())
	}
	return ""
}

func sign(key, at string, body []byte) string {
	made := hmac.New(sha256.New, []byte(key))
	made.Write([]byte(at + "."))
	made.Write(body)
	return "sha256=" + hex.EncodeToString(made.Sum(nil))
}

// Apart are the settings by which synthetic alerts are delivered: as real ones, but where no real one ever is.
func Apart(chosen settings.Settings) settings.Settings {
	chosen.SlackChannel = chosen.SyntheticChannel
	chosen.RedisKeyPrefix += "synthetic:"
	// A file of its own, so that they neither push out real incidents nor hold their lock.
	chosen.ThreadStoreFile += ".synthetic"
	chosen.ThreadTTL = min(chosen.ThreadTTL, ttl)
	return chosen
}

// Open what delivers them; nil when they are not wanted.
func Open(chosen settings.Settings, to slack.Slack) (*deliver.Deliverer, error) {
	if chosen.SyntheticChannel == "" {
		return nil, nil
	}
	own := Apart(chosen)
	kept, err := store.Open(own)
	if err != nil {
		return nil, err
	}
	unseen := metrics.New("go", "", chosen.Instance, chosen.Environment) // counts as ever, and is exported nowhere
	return deliver.New(own, kept, to, unseen, logs.Synthetic), nil
}

// Count the alerts of a webhook; those that were posted before are neither. An empty report: all of them failed.
func Count(counted *metrics.Metrics, alerts int, report deliver.Report) {
	delivered := len(report.Delivered)
	counted.Synthetic.WithLabelValues("delivered").Add(float64(delivered))
	counted.Synthetic.WithLabelValues("failed").Add(float64(alerts - delivered - report.Done[incidents.Skip]))
}
