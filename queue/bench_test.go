package queue_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/queue"
)

// BenchmarkJob is the whole way of a job through spool, ledger and two stages of the queue, with nothing done to it: what
// the promise that nothing is lost costs a file.
func BenchmarkJob(b *testing.B) {
	for _, workers := range []int{1, 4, 16} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			h := openHouse(b, b.TempDir(), nil)
			var ended atomic.Int64
			consume(b, h.queue, "sanitise", workers, func(ctx context.Context, m queue.Message) queue.Outcome {
				if err := h.queue.Publish(ctx, "send", m.ID, m.Generation); err != nil {
					return queue.RetryAfter(time.Second)
				}
				return queue.Done()
			})
			consume(b, h.queue, "send", workers, func(ctx context.Context, m queue.Message) queue.Outcome {
				if _, err := h.ledger.End(ctx, m.ID, m.Generation, queue.Sent); err != nil {
					return queue.RetryAfter(time.Second)
				}
				h.spool.Remove(m.ID)
				ended.Add(1)
				return queue.Done()
			})
			b.ResetTimer()
			intake := make(chan int)
			for range workers {
				go func() {
					for n := range intake {
						if err := h.accept(jobID(n), "content"); err != nil {
							b.Error(err)
						}
						if err := h.queue.Publish(b.Context(), "sanitise", jobID(n), 0); err != nil {
							b.Error(err)
						}
					}
				}()
			}
			for n := range b.N {
				intake <- n
			}
			close(intake)
			for ended.Load() < int64(b.N) && !b.Failed() {
				time.Sleep(time.Millisecond)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
		})
	}
}

// BenchmarkWaiting measures what a message that waits costs in memory, server included.
func BenchmarkWaiting(b *testing.B) {
	h := openHouse(b, b.TempDir(), nil)
	before := heap()
	b.ResetTimer()
	for n := range b.N {
		if err := h.queue.Publish(b.Context(), "sanitise", queue.NewID(time.UnixMilli(int64(n))), 0); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(heap()-before)/float64(b.N), "heap-B/message")
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
