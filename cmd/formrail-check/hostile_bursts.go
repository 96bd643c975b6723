package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// beside is how many equal, expensive requests come at the same time.
func (h *hostile) beside() int {
	if h.s.quick {
		return 16
	}
	return 48
}

// bursts sends requests that are harmless one by one, many at once: what one may cost must
// hold for all together. It gives how many there were.
func (h *hostile) bursts(ctx context.Context) int {
	n := 0
	for _, in := range burstInputs() {
		var wait sync.WaitGroup
		for range h.beside() {
			wait.Go(func() { h.input(ctx, in) })
		}
		wait.Wait()
		n += h.beside()
		if !h.alive("during the burst of " + in.name) {
			return n
		}
		fmt.Fprintf(h.s.out, "burst of %s: peak %d MiB\n", in.name, memoryOf(h.v.pid(), "VmHWM"))
	}
	n += h.halfSent(ctx)
	var wait sync.WaitGroup
	for range h.beside() {
		if id := h.start(ctx, "outward", map[string]any{"path": "large-json"}); id != "" {
			wait.Go(func() { h.awaited(ctx, id, 2*time.Minute) })
		}
		n++
	}
	wait.Wait()
	fmt.Fprintf(h.s.out, "burst of large answers: peak %d MiB\n", memoryOf(h.v.pid(), "VmHWM"))
	return n
}

func burstInputs() []hostileInput {
	const large = 1<<20 - 100
	take, echo := targets()[0], targets()[1]
	body := func(one string) []byte {
		return []byte("[" + strings.Repeat(one+",", large/(len(one)+1)-1) + one + "]")
	}
	make := func(name string, t target, body []byte) hostileInput {
		return hostileInput{name: name, head: t.head(t.kind, len(body)), body: body}
	}
	var keys bytes.Buffer
	for i := 0; keys.Len() < large-20; i++ {
		fmt.Fprintf(&keys, `%c"%d":{}`, ",{"[min(1, max(0, 1-i))], i)
	}
	return []hostileInput{
		make("empty objects", echo, body("{}")), make("empty lists", take, body("[]")), make("small numbers", echo, body("1")), make("empty texts", echo, body(`""`)),
		make("small objects", echo, body(`{"a":1}`)), make("keys of empty objects", echo, append(keys.Bytes(), '}')),
	}
}

// halfBeside is how many connections send a body but its last byte and then nothing.
const halfBeside = 600

// halfSent holds bodies that are nearly complete in the memory of the server.
func (h *hostile) halfSent(ctx context.Context) int {
	t := targets()[0]
	body := bytes.Repeat([]byte(" "), 1<<20-1)
	ctx, let := context.WithTimeout(ctx, 4*time.Second)
	defer let()
	var wait sync.WaitGroup
	for range halfBeside {
		wait.Go(func() {
			conn, err := h.dial(ctx)
			if err != nil {
				return // refused, which is fine
			}
			defer conn.Close()
			context.AfterFunc(ctx, func() { _ = conn.Close() })
			_, err = io.WriteString(conn, strings.ReplaceAll(t.head(t.kind, 1<<20), "{host}", "localhost")+"\r\n\r\n"+string(body))
			if err == nil {
				<-ctx.Done()
			}
		})
	}
	wait.Wait()
	fmt.Fprintf(h.s.out, "%d bodies without their last byte: peak %d MiB\n", halfBeside, memoryOf(h.v.pid(), "VmHWM"))
	return halfBeside
}
