// gorilla/websocket, the client that most Go programs have: a goroutine for each connection reads.
//
// Settings its documentation recommends: a pool of write buffers, because most connections do not
// write at any time, and for a fan-out a PreparedMessage, which is framed once. Compression is off
// as it is by default. A program without modules, built against what Debian packages.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"sync"

	"github.com/gorilla/websocket"
)

var (
	work    = readWorkload()
	payload = makePayload(work.size)
	dialer  = newDialer()
)

func main() {
	modes := map[string]func() outcome{
		"connect": func() outcome { return connect(false) },
		"idle":    func() outcome { return connect(true) },
		"burst":   burst,
		"echo":    echo,
		"receive": receive,
		"send":    send,
		"latency": latency,
	}
	run, known := modes[work.mode]
	if !known {
		reportError(work.mode, "there is no such mode")
	}
	reportOutcome(work.mode, run())
}

func newDialer() websocket.Dialer {
	dialer := websocket.Dialer{WriteBufferPool: &sync.Pool{}}
	if work.ca != "" {
		pem, err := os.ReadFile(work.ca)
		if err != nil {
			reportError(work.mode, err.Error())
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		dialer.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	return dialer
}
