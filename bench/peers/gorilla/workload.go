package main

import (
	"os"
	"strconv"
	"strings"
)

// What a peer is asked to do: the command line of ../contract/workload.mjs.
type workload struct {
	mode, ca                                string
	urls                                    []string
	connections, size, inflight, handshakes int
	messages, warmup                        int64
	rate                                    float64
	serverPid                               int
}

// Options for other kinds of peers are passed over: everybody is given all of them.
func readWorkload() workload {
	given := map[string]string{
		"--connections": "1", "--size": "64", "--inflight": "1", "--handshakes": "128",
		"--messages": "0", "--warmup": "0", "--rate": "1000", "--server-pid": "0",
	}
	for index := 1; index+1 < len(os.Args); index += 2 {
		given[os.Args[index]] = os.Args[index+1]
	}
	number := func(option string) int64 {
		value, _ := strconv.ParseInt(given[option], 10, 64)
		return value
	}
	rate, _ := strconv.ParseFloat(given["--rate"], 64)
	return workload{
		mode: given["--mode"], ca: given["--ca"], urls: strings.Split(given["--url"], ","),
		connections: int(number("--connections")), size: int(number("--size")),
		inflight: int(number("--inflight")), handshakes: int(number("--handshakes")),
		messages: number("--messages"), warmup: number("--warmup"), rate: rate,
		serverPid: int(number("--server-pid")),
	}
}

// Connections take turns: ../contract/addresses.mjs.
func (work workload) urlFor(index int) string {
	return work.urls[index%len(work.urls)]
}

// The same bytes as those of every other peer.
func makePayload(size int) []byte {
	payload := make([]byte, size)
	for index := range payload {
		payload[index] = byte(index * 31)
	}
	return payload
}
