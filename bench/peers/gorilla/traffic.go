package main

import (
	"bytes"
	"fmt"
	"sync/atomic"

	"github.com/gorilla/websocket"
)

func openAll() []*websocket.Conn {
	open, failures := openConnections(work.connections)
	if len(failures) > 0 {
		reportError(work.mode, fmt.Sprint("could not open all: ", distinct(failures)))
	}
	return open
}

func write(connection *websocket.Conn) {
	if err := connection.WriteMessage(websocket.BinaryMessage, payload); err != nil {
		lost(err)
	}
}

// Reads the next message and checks its length, or all of it.
func read(connection *websocket.Conn, compares bool) {
	_, data, err := connection.ReadMessage()
	if err != nil {
		lost(err)
	}
	if len(data) != work.size || (compares && !bytes.Equal(data, payload)) {
		reportError(work.mode, "a message was not what was sent")
	}
}

// Counts messages of all connections; the outcome comes when the last of them is there.
type counter struct {
	received int64
	start    usage
	done     chan outcome
}

func newCounter() *counter {
	count := &counter{done: make(chan outcome, 1)}
	if work.warmup == 0 {
		count.start = readUsage(work.serverPid)
	}
	return count
}

// Which one in all this message is.
func (count *counter) add() int64 {
	received := atomic.AddInt64(&count.received, 1)
	if received == work.warmup {
		count.start = readUsage(work.serverPid)
	}
	if received == work.warmup+work.messages {
		count.done <- traffic(count.start, work.messages)
	}
	return received
}

func traffic(start usage, messages int64) outcome {
	return outcome{
		opened: work.connections, messages: messages, units: messages,
		start: start, end: readUsage(work.serverPid),
	}
}

func echo() outcome {
	count := newCounter()
	for _, connection := range openAll() {
		for sent := 0; sent < work.inflight; sent++ {
			write(connection)
		}
		go func(connection *websocket.Conn) {
			for received := int64(0); received < work.warmup+work.messages; received = count.add() {
				if received > 0 {
					write(connection)
				}
				read(connection, received < work.warmup)
			}
		}(connection)
	}
	return <-count.done
}

func receive() outcome {
	open := openAll()
	count := newCounter()
	for _, connection := range open {
		go func(connection *websocket.Conn) {
			for {
				read(connection, false)
				count.add()
			}
		}(connection)
	}
	return <-count.done
}

// A write returns when the kernel has taken all of it.
func send() outcome {
	message, err := websocket.NewPreparedMessage(websocket.BinaryMessage, payload)
	if err != nil {
		reportError(work.mode, err.Error())
	}
	open := openAll()
	fanOut := func(count int64) {
		for sent := int64(0); sent < count; sent++ {
			if err := open[sent%int64(len(open))].WritePreparedMessage(message); err != nil {
				lost(err)
			}
		}
	}
	fanOut(work.warmup)
	start := readUsage(work.serverPid)
	fanOut(work.messages)
	return traffic(start, work.messages)
}
