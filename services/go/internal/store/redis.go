package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"alert-threader/internal/incidents"
	"alert-threader/internal/logs"
)

const (
	callTimeout = 3 * time.Second
	claimPoll   = 50 * time.Millisecond
)

// A claim is given back only by who holds it: it may have run out, and be another's by now.
var giveBack = redis.NewScript(`if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0`)

// shared has one key for each incident, with Redis' own expiry, and one short-lived key for each claim. All instances
// use it, so an incident that fires at one and resolves at another is one thread.
type shared struct {
	client        *redis.Client
	prefix        string
	ttl, claimTTL time.Duration
}

// openRedis makes no connection yet. claimTTL is longer than a living holder can need; a holder that was killed blocks
// its incident that long, and Alertmanager retries meanwhile.
func openRedis(url, prefix string, ttl, claimTTL time.Duration) (*shared, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, failed("REDIS_URL: is not understood")
	}
	redis.SetLogger(silent{})
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = callTimeout, callTimeout, callTimeout
	options.MaxRetries = 1 // for a connection that went stale; Alertmanager does the rest
	options.MinRetryBackoff, options.MaxRetryBackoff = -1, -1
	options.DialerRetries = 1
	options.Protocol = 2
	options.DisableIdentity = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return &shared{redis.NewClient(options), prefix, ttl, claimTTL}, nil
}

func (s *shared) Local() bool { return false }

// Claim is SET NX PX; who comes second waits for the first to have stored its thread.
func (s *shared) Claim(incident string) (func(), error) {
	ctx, key, token := context.Background(), s.prefix+"claim:"+incident, rand.Text()
	for deadline := time.Now().Add(claimWait); ; time.Sleep(claimPoll) {
		err := s.client.SetArgs(ctx, key, token, redis.SetArgs{Mode: "NX", TTL: s.claimTTL}).Err()
		switch {
		case err == nil:
			// An error is of no consequence: it runs out by itself.
			return func() { _ = giveBack.Run(ctx, s.client, []string{key}, token).Err() }, nil
		case !errors.Is(err, redis.Nil):
			return nil, plainly(err)
		case time.Now().After(deadline):
			return nil, &Error{Reason: "another instance has held this incident for 15 s", Held: true}
		}
	}
}

func (s *shared) Get(incident string) (*incidents.Thread, error) {
	key := s.prefix + "incident:" + incident
	text, err := s.client.Get(context.Background(), key).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, plainly(err)
	}
	found, err := unpack(text)
	if err != nil {
		logs.Error("a key in Redis holds no thread; the incident gets a new one", "key", key)
		return nil, nil
	}
	return found.thread(), nil
}

// Put is as durable as that Redis is set up to be.
func (s *shared) Put(incident string, thread incidents.Thread) error {
	text, err := json.Marshal(pack(thread))
	if err != nil {
		return failed("%v", err)
	}
	return plainly(s.client.Set(context.Background(), s.prefix+"incident:"+incident, text, s.ttl).Err())
}

// Check is a real write, since a read-only replica or a full one answers PING.
func (s *shared) Check() error {
	return plainly(s.client.Set(context.Background(), s.prefix+"probe", "1", time.Minute).Err())
}
