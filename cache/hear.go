package cache

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// channel is where replicas tell each other what to forget.
const channel = prefix + "forget"

// listen hears what other replicas forget, until ctx ends.
func (f *far) listen(ctx context.Context) {
	for missed := false; ctx.Err() == nil; missed = true {
		f.hear(ctx, missed)
		f.heard.Store(false)
		if !rest(ctx, probeEvery) {
			return
		}
	}
}

// hear hears messages until the connection ends. missed says that some may have
// been missed before: then nothing that is held here can be believed.
func (f *far) hear(ctx context.Context, missed bool) {
	began := time.Now()
	var sub *redis.PubSub
	if cluster, ok := f.client.(*redis.ClusterClient); ok {
		sub = cluster.SSubscribe(ctx, channel)
	} else {
		sub = f.client.Subscribe(ctx, channel)
	}
	defer context.AfterFunc(ctx, func() { _ = sub.Close() })()
	defer func() { _ = sub.Close() }()
	for silent := 0; silent < 2; {
		message, err := sub.ReceiveTimeout(ctx, hearFor)
		var timeout interface{ Timeout() bool }
		switch {
		case err != nil && errors.As(err, &timeout) && timeout.Timeout() && sub.Ping(ctx) == nil:
			silent++
			continue
		case err != nil:
			if ctx.Err() == nil && !f.heard.Load() {
				f.told("listen", began, err)
			}
			return
		}
		silent = 0
		switch m := message.(type) {
		case *redis.Subscription:
			if strings.HasSuffix(m.Kind, "unsubscribe") {
				return // the slot moved to another node of the cluster
			}
			if missed {
				f.store.clear()
			}
			missed = true // of any later one on this connection
			f.heard.Store(true)
		case *redis.Message:
			f.store.evict(readMessage(m.Payload))
		}
	}
}

// messageSize is how many hashes are named in one message, forgetSize how many are
// deleted in one round trip.
const (
	messageSize = 256
	forgetSize  = 256
	attempts    = 3
)

// forget deletes hashes and tells the other replicas. A round trip that failed is
// made again: deleting twice does no harm.
func (f *far) forget(ctx context.Context, hashes []string, macs []string) error {
	var err error
	for range attempts {
		if err = f.forgetOnce(ctx, hashes, macs); err == nil || !rest(ctx, 2*patience) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("forgetting in Redis: %s", causeOf(err))
	}
	return nil
}

func (f *far) forgetOnce(ctx context.Context, hashes, macs []string) error {
	for part := range slices.Chunk(hashes, forgetSize) {
		if _, err := f.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, key := range part {
				p.Unlink(ctx, key)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(macs, messageSize) {
		var err error
		if cluster, ok := f.client.(*redis.ClusterClient); ok {
			err = cluster.SPublish(ctx, channel, writeMessage(part)).Err()
		} else {
			err = f.client.Publish(ctx, channel, writeMessage(part)).Err()
		}
		if err != nil {
			return err
		}
	}
	return nil
}
