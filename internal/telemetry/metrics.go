package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// The metrics whose values are read when they are asked for.
const (
	nameUp       = "customer360_source_up"
	helpUp       = "1 if the last question to the source was answered, else 0; 0 before the first."
	nameInFlight = "customer360_operations_in_flight"
	helpInFlight = "GraphQL requests under way."
	nameShed     = "customer360_operations_shed_total"
	helpShed     = "GraphQL requests turned away with OVERLOADED because the server was full."
)

// metrics are all metrics of ours that are written to.
type metrics struct {
	operations, operationErrors *prometheus.CounterVec
	operationTime               *prometheus.HistogramVec
	questions, requests         *prometheus.CounterVec
	questionTime, requestTime   *prometheus.HistogramVec
	refused                     *prometheus.CounterVec
	breaker                     *prometheus.GaugeVec
	lookups, redis              *prometheus.CounterVec
	redisTime                   prometheus.Histogram
	cacheDropped                prometheus.Counter
	lostExports                 prometheus.Counter
	build                       *prometheus.GaugeVec
}

func newMetrics() *metrics {
	// Up to the 5 s that a request may take, with the 3 s of a source as a bound of its own.
	seconds := []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 5}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "customer360_" + name, Help: help}, labels)
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "customer360_" + name, Help: help}, labels)
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "customer360_" + name, Help: help, Buckets: seconds}, labels)
	}
	return &metrics{
		operations:      counter("operations_total", "GraphQL operations by kind (none: could not be run) and outcome: OK, or the code of the first error.", "kind", "code"),
		operationErrors: counter("operation_errors_total", "Entries in errors by code: one operation may have several.", "code"),
		operationTime:   histogram("operation_duration_seconds", "How long operations took.", "kind"),
		questions:       counter("source_questions_total", "Questions to a source that the cache did not answer, by capability and outcome: OK or the code of the failure.", "source", "kind", "code"),
		questionTime:    histogram("source_question_duration_seconds", "How long questions to a source took, all their requests included.", "source"),
		requests:        counter("upstream_requests_total", "HTTP requests sent to a source, each attempt counted, by operation and outcome: OK, HTTP_4XX, HTTP_5XX, TIMEOUT, BROKEN, CANCELLED.", "source", "op", "code"),
		requestTime:     histogram("upstream_request_duration_seconds", "How long HTTP requests to a source took, until the answer was read.", "source"),
		refused:         counter("upstream_refused_total", "HTTP requests that did not leave: breaker open, or the source told us to wait.", "source", "reason"),
		breaker:         gauge("source_breaker_state", "The breaker of a source: 0 closed, 1 a trial is under way, 2 open: it is not asked.", "source"),
		lookups:         counter("cache_lookups_total", "Keys by what answered them: near (this process), redis, miss; stale counts again those answered with what is not fresh.", "source", "kind", "result"),
		redis:           counter("redis_operations_total", "Round trips to Redis, by outcome: OK or FAILED.", "operation", "code"),
		redisTime: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "customer360_redis_duration_seconds", Help: "How long round trips to Redis took.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1}}),
		cacheDropped: prometheus.NewCounter(prometheus.CounterOpts{Name: "customer360_cache_writes_dropped_total", Help: "Values not written to Redis because too many were waiting."}),
		lostExports:  prometheus.NewCounter(prometheus.CounterOpts{Name: "customer360_trace_exports_failed_total", Help: "Batches of spans that the collector did not take."}),
		build:        gauge("build_info", "1, with the build's version.", "version", "revision", "goversion"),
	}
}

// all are the collectors to register: ours, the Go runtime's and the process's.
func (m *metrics) all() []prometheus.Collector {
	return append(m.own(), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}

func (m *metrics) own() []prometheus.Collector {
	return []prometheus.Collector{m.operations, m.operationErrors, m.operationTime, m.questions, m.questionTime, m.requests, m.requestTime,
		m.refused, m.breaker, m.lookups, m.redis, m.redisTime, m.cacheDropped, m.lostExports, m.build}
}
