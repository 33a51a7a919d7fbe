package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	steady       = 64 * 1024
	mostReadings = 100
)

// CPU time in microseconds: ../contract/usage.mjs.
type usage struct {
	at           time.Time
	user, system float64
	server       float64
	threads      map[string]threadTime
}

type threadTime struct {
	name   string
	micros float64
}

func readUsage(serverPid int) usage {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	micros := func(time syscall.Timeval) float64 { return float64(time.Sec)*1e6 + float64(time.Usec) }
	var server float64
	if serverPid != 0 {
		for _, thread := range readThreads(serverPid) {
			server += thread.micros
		}
	}
	return usage{time.Now(), micros(used.Utime), micros(used.Stime), server, readThreads(os.Getpid())}
}

func readThreads(pid int) map[string]threadTime {
	times := map[string]threadTime{}
	tasks := fmt.Sprintf("/proc/%d/task", pid)
	entries, _ := os.ReadDir(tasks)
	for _, entry := range entries {
		schedstat, err := os.ReadFile(tasks + "/" + entry.Name() + "/schedstat")
		if err != nil {
			continue
		}
		nanoseconds, _ := strconv.ParseFloat(strings.Fields(string(schedstat))[0], 64)
		name := "main"
		if entry.Name() != strconv.Itoa(pid) {
			comm, _ := os.ReadFile(tasks + "/" + entry.Name() + "/comm")
			name = strings.TrimSpace(string(comm))
		}
		times[entry.Name()] = threadTime{name, nanoseconds / 1000}
	}
	return times
}

type memory struct{ rss, native int64 }

// Once the runtime has given back what it can, and three readings agree.
func settledMemory() memory {
	var last memory
	alike := 0
	for reading := 0; reading < mostReadings && alike < 3; reading++ {
		if reading > 0 {
			time.Sleep(20 * time.Millisecond)
		}
		debug.FreeOSMemory()
		next := readMemory()
		if difference := next.rss - last.rss; difference <= steady && difference >= -steady {
			alike++
		} else {
			alike = 1
		}
		last = next
	}
	return last
}

func readMemory() memory {
	var found memory
	rollup, _ := os.ReadFile("/proc/self/smaps_rollup")
	for _, line := range strings.Split(string(rollup), "\n") {
		var kilobytes int64
		if n, _ := fmt.Sscanf(line, "Rss: %d kB", &kilobytes); n == 1 {
			found.rss = kilobytes * 1024
		}
		if n, _ := fmt.Sscanf(line, "Anonymous: %d kB", &kilobytes); n == 1 {
			found.native = kilobytes * 1024
		}
	}
	return found
}
