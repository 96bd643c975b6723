package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// soakRests are how many times soak mode looks at the server.
const soakRests = 8

// growth bounds what may be more in the last look than in the middle: what leaks grows with
// every request, and there are thousands between them.
const (
	moreMiB        = 64
	moreGoroutines = 200
	moreFiles      = 64
	walMiB         = 128 // of the write-ahead log at any time
)

// held is what the server holds at one moment.
type held struct {
	at         time.Duration // since the load began
	resident   int           // MiB
	goroutines int
	files      int
	wal        int // MiB
	database   int // MiB
	sent       int
}

func (h held) String() string {
	return fmt.Sprintf("%s: %d requests, resident %d MiB, %d goroutines, %d files, database %d MiB, write-ahead log %d MiB", h.at.Round(time.Second), h.sent, h.resident, h.goroutines, h.files, h.database, h.wal)
}

// soakMode puts the usual load on a server for a time, looks again and again at what it
// holds, and judges in the end like after a kill.
func soakMode(ctx context.Context, s settings) (report, error) {
	r := report{Mode: "soak", Seed: s.seed}
	monitor, err := freeAddress()
	if err != nil {
		return r, err
	}
	s.serve = append(s.serve, "--metrics-addr", monitor)
	v, err := newServer(s)
	if err != nil {
		return r, err
	}
	c, err := setUp(ctx, v)
	if err != nil {
		return r, err
	}
	defer v.kill()
	l := &load{c: c, j: &journal{}, random: newRandom(s.seed), run: fmt.Sprintf("s%x", s.seed&0xffff)}
	span := time.Duration(s.cycles) * time.Second
	driving, halt := context.WithTimeout(ctx, span)
	defer halt()
	finished := make(chan struct{})
	go func() {
		l.drive(driving, senders)
		close(finished)
	}()
	begun := time.Now()
	var looks []held
	for range soakRests {
		pause(ctx, span/soakRests)
		h := heldBy(ctx, v, monitor)
		h.at, h.sent = time.Since(begun), len(l.j.list())
		looks = append(looks, h)
		fmt.Fprintln(s.out, h)
	}
	<-finished
	r.judgeMemory(v)
	middle, last := looks[soakRests/2-1], looks[soakRests-1]
	for _, one := range []struct {
		what      string
		was, is   int
		most      int
		available bool
	}{
		{"MiB of memory", middle.resident, last.resident, moreMiB, true},
		{"goroutines", middle.goroutines, last.goroutines, moreGoroutines, true},
		{"open files", middle.files, last.files, moreFiles, true},
		{"MiB of write-ahead log", 0, last.wal, walMiB, s.database == ""},
	} {
		switch {
		case one.available && one.is == 0 && one.most != walMiB:
			r.Broken = append(r.Broken, "nobody says how many "+one.what+" there are")
		case one.is > one.was+one.most:
			r.Broken = append(r.Broken, fmt.Sprintf("%d %s in the end, %d in the middle", one.is, one.what, one.was))
		}
	}
	r.Soaked = last.String()
	return finish(ctx, v, l, r)
}

// heldBy reads what the server holds now.
func heldBy(ctx context.Context, v *server, monitor string) held {
	h := held{resident: memoryOf(v.pid(), "VmRSS"), wal: sizeOf(v.folder, "formrail.db-wal"), database: sizeOf(v.folder, "formrail.db")}
	if files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", v.pid())); err == nil {
		h.files = len(files)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+monitor+"/metrics", nil)
	if err != nil {
		return h
	}
	_, text, err := pageOf(http.DefaultClient, req)
	if err != nil {
		return h
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "go_goroutines "); ok {
			h.goroutines, _ = strconv.Atoi(rest) //nolint:errcheck // 0 is judged
		}
	}
	return h
}

// sizeOf is the size of a file of the data folder in MiB.
func sizeOf(folder, name string) int {
	info, err := os.Stat(filepath.Join(folder, name))
	if err != nil {
		return 0
	}
	return int(info.Size() >> 20)
}

// freeAddress finds a port of this machine that nobody uses now.
func freeAddress() (string, error) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	if err := socket.Close(); err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return socket.Addr().String(), nil
}
