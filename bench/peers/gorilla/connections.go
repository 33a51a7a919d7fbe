package main

import (
	"bytes"
	"errors"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Opens so many connections, at most work.handshakes of them at a time.
func openConnections(count int) (open []*websocket.Conn, failures []string) {
	var lock sync.Mutex
	var all sync.WaitGroup
	places := make(chan struct{}, work.handshakes)
	for index := 0; index < count; index++ {
		places <- struct{}{}
		all.Add(1)
		go func(url string) {
			defer all.Done()
			connection, _, err := dialer.Dial(url, nil)
			<-places
			lock.Lock()
			defer lock.Unlock()
			if err != nil {
				failures = append(failures, err.Error())
			} else {
				open = append(open, connection)
			}
		}(work.urlFor(index))
	}
	all.Wait()
	return open, failures
}

// What opening them costs, and what keeping them takes. Each has its reader, as in any program.
func connect(measuresMemory bool) outcome {
	var did outcome
	readAll(openConnections(int(work.warmup)))
	if measuresMemory {
		before := settledMemory()
		did.before = &before
	}
	did.start = readUsage(work.serverPid)
	open, failures := openConnections(work.connections)
	readAll(open, failures)
	did.end = readUsage(work.serverPid)
	if measuresMemory {
		after := settledMemory()
		did.after = &after
	}
	did.opened, did.failed, did.failures = len(open), work.connections-len(open), failures
	did.units = int64(len(open))
	return did
}

func readAll(open []*websocket.Conn, _ []string) {
	for _, connection := range open {
		go func(connection *websocket.Conn) {
			if _, _, err := connection.ReadMessage(); err != nil {
				lost(err)
			}
			reportError(work.mode, "a message came that nobody asked for")
		}(connection)
	}
}

func lost(err error) {
	reportError(work.mode, "a connection was lost: "+err.Error())
}

// All asked for at once; each sends one message, gets it back, and closes.
func burst() outcome {
	did := outcome{start: readUsage(work.serverPid), units: int64(work.connections)}
	var lock sync.Mutex
	var all sync.WaitGroup
	for index := 0; index < work.connections; index++ {
		all.Add(1)
		go func(url string) {
			defer all.Done()
			opened, answered, err := visit(url)
			lock.Lock()
			defer lock.Unlock()
			if opened {
				did.opened++
			}
			if answered {
				did.messages++
			}
			if err != nil {
				did.failed++
				did.failures = append(did.failures, err.Error())
			}
		}(work.urlFor(index))
	}
	all.Wait()
	did.end = readUsage(work.serverPid)
	return did
}

func visit(url string) (opened, answered bool, err error) {
	connection, _, err := dialer.Dial(url, nil)
	if err != nil {
		return false, false, err
	}
	defer connection.Close()
	if err = connection.WriteMessage(websocket.BinaryMessage, payload); err != nil {
		return true, false, err
	}
	_, data, err := connection.ReadMessage()
	if err != nil {
		return true, false, err
	}
	if !bytes.Equal(data, payload) {
		return true, false, errors.New("the answer was not what was sent")
	}
	farewell := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	deadline := time.Now().Add(time.Minute)
	if err = connection.WriteControl(websocket.CloseMessage, farewell, deadline); err != nil {
		return true, true, err
	}
	_, _, err = connection.ReadMessage()
	if websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		return true, true, nil
	}
	return true, true, err
}
