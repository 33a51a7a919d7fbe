package main

import (
	"encoding/json"
	"os"
	"runtime"
	"sort"
)

type outcome struct {
	opened, failed  int
	failures        []string
	messages, units int64
	start, end      usage
	before, after   *memory
	figures         map[string]float64
}

type line map[string]interface{}

// A program made without modules does not know the versions of its libraries.
func identity(mode string) line {
	return line{"peer": "gorilla", "versions": line{"go": runtime.Version()}, "mode": mode}
}

func reportOutcome(mode string, did outcome) {
	start, end := did.start, did.end
	user, system := end.user-start.user, end.system-start.system
	threads, main := threadsBetween(start, end)
	text := identity(mode)
	text["opened"], text["failed"], text["failures"] = did.opened, did.failed, distinct(did.failures)
	text["messages"], text["seconds"] = did.messages, end.at.Sub(start.at).Seconds()
	text["cpuMicros"] = line{"user": user, "system": system, "mainThread": main}
	text["serverCpuMicros"] = end.server - start.server
	text["threads"] = threads
	if did.units > 0 {
		text["perUnitMicros"] = (user + system) / float64(did.units)
	}
	if did.before != nil {
		text["rssBytesBefore"], text["rssBytesAfter"] = did.before.rss, did.after.rss
		text["nativeBytesBefore"], text["nativeBytesAfter"] = did.before.native, did.after.native
	}
	if did.figures != nil {
		text["figures"] = did.figures
	}
	_ = json.NewEncoder(os.Stdout).Encode(text)
	os.Exit(0)
}

func reportError(mode string, reason string) {
	text := identity(mode)
	text["error"] = reason
	_ = json.NewEncoder(os.Stdout).Encode(text)
	os.Exit(1)
}

// The busiest first; those that used nothing are left out.
func threadsBetween(start, end usage) (threads []line, main float64) {
	threads = []line{}
	for number, thread := range end.threads {
		used := thread.micros - start.threads[number].micros
		if thread.name == "main" {
			main = used
		}
		if used > 0 {
			threads = append(threads, line{"name": thread.name, "cpuMicros": used})
		}
	}
	sort.Slice(threads, func(a, b int) bool {
		return threads[a]["cpuMicros"].(float64) > threads[b]["cpuMicros"].(float64)
	})
	return threads, main
}

func distinct(reasons []string) []string {
	found := []string{}
	seen := map[string]bool{}
	for _, reason := range reasons {
		if !seen[reason] {
			seen[reason] = true
			found = append(found, reason)
		}
	}
	return found
}
