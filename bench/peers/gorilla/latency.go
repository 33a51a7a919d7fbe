package main

import (
	"sort"
	"sync"
	"time"
)

// An open model: messages are due at times that do not depend on answers, in turn over all
// connections, and are sent on a tick of a millisecond. See ../contract/open-model.mjs.
type openModel struct {
	lock     sync.Mutex
	first    time.Time // when the first measured message was due
	interval time.Duration
	times    []time.Duration
	done     chan struct{}
}

const tick = time.Millisecond

func latency() outcome {
	open := openAll()
	model := &openModel{
		interval: time.Duration(float64(time.Second) / work.rate),
		times:    make([]time.Duration, 0, work.messages),
		done:     make(chan struct{}),
	}
	for index := range open {
		go func(index int) {
			for number := int64(index); ; number += int64(len(open)) {
				read(open[index], number < work.warmup)
				model.answered(number)
			}
		}(index)
	}

	ticker := time.NewTicker(tick)
	sent := int64(0)
	pace := func(begin time.Time, base, count int64) {
		for sent < base+count {
			<-ticker.C
			due := base + int64(time.Since(begin)/model.interval) + 1
			for ; sent < due && sent < base+count; sent++ {
				write(open[sent%int64(len(open))])
			}
		}
	}
	pace(time.Now(), 0, work.warmup)
	start := readUsage(work.serverPid)
	model.lock.Lock()
	model.first = time.Now()
	model.lock.Unlock()
	pace(model.first, work.warmup, work.messages)
	<-model.done
	did := traffic(start, work.messages)
	did.figures = model.figures(float64(work.messages) / time.Since(model.first).Seconds())
	return did
}

func (model *openModel) answered(number int64) {
	if number < work.warmup {
		return
	}
	now := time.Now()
	model.lock.Lock()
	defer model.lock.Unlock()
	due := model.first.Add(time.Duration(number-work.warmup) * model.interval)
	model.times = append(model.times, now.Sub(due))
	if int64(len(model.times)) == work.messages {
		close(model.done)
	}
}

// Microseconds.
func (model *openModel) figures(achieved float64) map[string]float64 {
	times := model.times
	sort.Slice(times, func(a, b int) bool { return times[a] < times[b] })
	at := func(share float64) float64 {
		return float64(times[int(share*float64(len(times)-1))].Nanoseconds()) / 1000
	}
	return map[string]float64{
		"p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "p999": at(0.999), "max": at(1),
		"achieved": achieved,
	}
}
