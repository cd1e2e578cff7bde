package cache

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"customer360/sources"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Redis says where the shared values are.
type Redis struct {
	// Addresses are host:port: of one server, of nodes of a cluster, or of the
	// sentinels that know SentinelMaster.
	Addresses      []string
	Cluster        bool // also for one address; several are always a cluster or sentinels
	SentinelMaster string
	DB             int // not for a cluster
	Username       string
	Password       sources.Secret
	TLS            bool
	// CA is the PEM of the authorities whose certificates are believed; those of the
	// machine where it is empty.
	CA string
	// SentinelUsername and SentinelPassword are the sentinels' own login, if they have one.
	SentinelUsername string
	SentinelPassword sources.Secret
}

// The bounds of what Redis may cost.
const (
	// patience bounds every round trip to Redis. What takes longer is a miss, and
	// Redis is then left alone until it answers a probe in that time.
	patience = 50 * time.Millisecond
	// connecting bounds the making of a connection: with TLS it takes several round trips.
	connecting = 6 * patience
	// probeEvery is how often a Redis that is left alone is tried.
	probeEvery = time.Second
	// hearFor is how long nothing may be heard of other replicas until the
	// connection is tried; twice that and it is made anew.
	hearFor = 3 * time.Second
	// maxPending bounds the values that wait to be written; more are dropped.
	maxPending = 1024
	writers    = 2
)

// far is the cache in Redis. It never fails a question.
type far struct {
	store  *Store
	client redis.UniversalClient
	log    *slog.Logger

	shut    atomic.Bool   // Redis is left alone
	tripped chan struct{} // wakes the probing
	heard   atomic.Bool   // the other replicas' messages arrive

	writes chan write
	mu     sync.Mutex // guards closing writes
	closed bool
	stop   context.CancelFunc
	tasks  sync.WaitGroup // listening and probing
	wg     sync.WaitGroup // writing
}

// write is a value that waits to be written.
type write struct {
	kind   *kind
	flight *flight
	entry  entry
}

// openFar makes the client and begins to listen; it waits for nothing.
func openFar(ctx context.Context, s *Store, o Options) (*far, error) {
	r := o.Redis
	if len(r.Addresses) == 0 {
		return nil, errors.New("cache.redis names no address")
	}
	logging.Disable() // the library's own lines go around our log; what matters is logged here
	u := &redis.UniversalOptions{
		Addrs: r.Addresses, IsClusterMode: r.Cluster, MasterName: r.SentinelMaster, DB: r.DB,
		Username: r.Username, Password: r.Password.Reveal(),
		SentinelUsername: r.SentinelUsername, SentinelPassword: r.SentinelPassword.Reveal(),
		ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1,
		DialTimeout: connecting, ReadTimeout: patience, WriteTimeout: patience, PoolTimeout: patience,
		MinIdleConns: 2, ConnMaxIdleTime: 5 * time.Minute, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if r.TLS {
		u.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		if r.CA != "" {
			u.TLSConfig.RootCAs = x509.NewCertPool()
			if !u.TLSConfig.RootCAs.AppendCertsFromPEM([]byte(r.CA)) {
				return nil, errors.New("cache.redis.ca holds no certificate")
			}
		}
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	f := &far{store: s, client: redis.NewUniversalClient(u), log: o.Log, tripped: make(chan struct{}, 1), writes: make(chan write, maxPending), stop: stop}
	f.tasks.Go(func() { f.listen(ctx) })
	f.tasks.Go(func() { f.probe(ctx) })
	for range writers {
		f.wg.Go(func() {
			for w := range f.writes {
				f.write(ctx, w)
			}
		})
	}
	return f, nil
}

// close writes what waits, as far as Redis answers, and ends.
func (f *far) close() {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return
	}
	f.closed = true
	close(f.writes)
	f.mu.Unlock()
	f.wg.Wait()
	f.stop()
	f.tasks.Wait()
	_ = f.client.Close()
}

func (f *far) usable() bool { return !f.shut.Load() }

// told notes how a round trip went, and leaves Redis alone from now on if it did
// not answer or is in no state to.
func (f *far) told(operation string, began time.Time, err error) {
	took := time.Since(began)
	if observe := f.store.observe.Redis; observe != nil {
		observe(operation, took, err)
	}
	if err == nil || errors.Is(err, redis.ErrClosed) || errors.Is(err, context.Canceled) || answered(err) {
		return
	}
	if f.shut.CompareAndSwap(false, true) {
		f.log.Warn("redis does not answer: going on without it", slog.String("cause", causeOf(err)))
		select {
		case f.tripped <- struct{}{}:
		default:
		}
	}
}

// answered reports that Redis is there and well, and refused only this: it is
// full, or may only be read.
func answered(err error) bool {
	var r redis.Error
	return errors.As(err, &r) && !redis.IsAuthError(err) && !redis.IsLoadingError(err) && !redis.IsClusterDownError(err) &&
		!redis.IsMasterDownError(err) && !redis.IsMaxClientsError(err)
}

// causeOf says in a word what is the matter. The library's texts name addresses.
func causeOf(err error) string {
	var r redis.Error
	var timeout interface{ Timeout() bool }
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &r):
		return "it refuses"
	case errors.As(err, &untrusted):
		return "its certificate is not trusted: see ca"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "it takes longer than " + patience.String()
	}
	return "no connection"
}

// probe tries a Redis that is left alone until it answers.
func (f *far) probe(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.tripped:
		}
		said := ""
		for f.shut.Load() {
			if !rest(ctx, probeEvery) {
				return
			}
			switch err := f.ping(ctx); {
			case err == nil:
				f.shut.Store(false)
				f.log.Info("redis answers again")
			case said != causeOf(err) && ctx.Err() == nil: // a question may not have waited for the true one
				said = causeOf(err)
				f.log.Warn("redis does not answer still", slog.String("cause", said))
			}
		}
	}
}

// ping asks Redis, of a cluster every master, for a sign of life in time, once it is
// connected: nobody waits for that here.
func (f *far) ping(ctx context.Context) error {
	within := func(ctx context.Context, c redis.Cmdable, d time.Duration) error {
		ctx, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		return c.Ping(ctx).Err()
	}
	one := func(ctx context.Context, c redis.Cmdable) error {
		if err := within(ctx, c, connecting); err != nil {
			return err
		}
		return within(ctx, c, patience)
	}
	cluster, ok := f.client.(*redis.ClusterClient)
	if !ok {
		return one(ctx, f.client)
	}
	ctx, cancel := context.WithTimeout(ctx, probeEvery)
	defer cancel()
	return cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error { return one(ctx, c) })
}

// rest waits; false if ctx ended.
func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// read looks for questions in Redis, all in one round trip. What is not there, or
// does not open, or is gone, is left out.
func (f *far) read(ctx context.Context, k *kind, asked []*flight) map[*flight]entry {
	if len(asked) == 0 || !f.usable() {
		return nil
	}
	type hash struct {
		secret  *secret
		key     string
		slots   []string
		flights []*flight
		reply   *redis.SliceCmd
	}
	var hashes []*hash
	byKey := map[string]*hash{}
	for i, secret := range f.store.names { // former roots' names too: those who write may not know the new one yet
		for _, q := range asked {
			mac, slot := q.mac, q.slot
			if i > 0 {
				mac, slot = secret.name(k, q.owner, q.field)
			}
			h := byKey[mac]
			if h == nil {
				h = &hash{secret: secret, key: k.key(mac)}
				byKey[mac] = h
				hashes = append(hashes, h)
			}
			h.slots, h.flights = append(h.slots, slot), append(h.flights, q)
		}
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_, err := f.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, h := range hashes {
			h.reply = p.HMGet(ctx, h.key, h.slots...)
		}
		return nil
	})
	f.told("read", began, err)
	now := f.store.now()
	out := map[*flight]entry{}
	for _, h := range hashes {
		for i, v := range h.reply.Val() {
			sealed, ok := v.(string)
			if !ok || i >= len(h.slots) {
				continue
			}
			e, err := f.open(k, h.secret, h.key, h.slots[i], sealed, now)
			if q := h.flights[i]; err == nil {
				e.mac = q.mac
				out[q] = e
			}
		}
	}
	return out
}

// open opens one value. It errs on whatever is not a value of this kind, hash and
// field, or has ended.
func (f *far) open(k *kind, s *secret, key, slot, sealed string, now time.Time) (entry, error) {
	plain, err := s.open(key, slot, []byte(sealed))
	if err != nil {
		return entry{}, err
	}
	e, err := unpack(k, plain)
	if err == nil && (e.age(now) == gone || e.fetchedAt.After(now.Add(maxSkew))) {
		err = errValue
	}
	return e, err
}

// maxSkew is how far the clocks of two replicas may differ.
const maxSkew = 5 * time.Second

// put lets a value be written, unless too many wait, and reports whether it will be tried.
func (f *far) put(w write) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || !f.usable() {
		return false
	}
	select {
	case f.writes <- w:
		return true
	default:
		if dropped := f.store.observe.Dropped; dropped != nil {
			dropped()
		}
		return false
	}
}

// write writes one value. Value and expiry go together, so that no hash is left
// without one; a later expiry of another value in the same hash stays.
func (f *far) write(ctx context.Context, w write) {
	key := w.kind.key(w.flight.mac)
	sent := f.send(ctx, key, w)
	if dropped := f.store.written(w.flight); sent && dropped {
		// Forgotten while it was under way: the deletion may have come before it.
		began := time.Now()
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		f.told("forget", began, f.client.Unlink(ctx, key).Err())
	}
}

// send reports whether the value may have arrived.
func (f *far) send(ctx context.Context, key string, w write) bool {
	if !f.usable() || !f.store.live(w.flight) {
		return false
	}
	plain, err := pack(w.kind, w.entry)
	if err != nil {
		return false
	}
	sealed, err := f.store.names[0].seal(key, w.flight.slot, plain)
	life := w.entry.lives.stale.Sub(f.store.now())
	if err != nil || len(sealed) > maxSealed || life <= 0 {
		return false
	}
	seconds := time.Duration(math.Ceil(life.Seconds())) * time.Second
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err = f.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, key, w.flight.slot, sealed)
		p.ExpireNX(ctx, key, seconds)
		p.ExpireGT(ctx, key, seconds)
		return nil
	})
	f.told("write", began, err)
	return true
}
