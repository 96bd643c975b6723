package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Points are the named crash points that the load passes again and again, and,
// at the end, those that each start passes once. A test compares the list with
// the source.
func Points() []string {
	out := []string{"writer.commit", "engine.start", "engine.claim", "engine.park", "task.decide"}
	for _, write := range []string{"record.create", "engine.commit", "engine.decide"} {
		out = append(out, write+".before", write+".after")
	}
	return append(out, oncePoints()...)
}

func oncePoints() []string { return []string{"engine.recover.before", "engine.recover.after"} }

// passes are the hits of a point at which the server is killed.
func (s settings) passes(point string) []int {
	if slices.Contains(oncePoints(), point) || s.quick {
		return []int{1}
	}
	return []int{1, 3, 12}
}

// pointsMode kills the server at every named point, at several of its passes,
// under load.
func pointsMode(ctx context.Context, s settings) (report, error) {
	r := report{Mode: "points", Seed: s.seed}
	v, err := newServer(s)
	if err != nil {
		return r, err
	}
	c, err := setUp(ctx, v)
	if err != nil {
		return r, err
	}
	j := &journal{}
	l := &load{c: c, j: j, random: newRandom(s.seed), run: fmt.Sprintf("p%x", s.seed&0xffff)}
	for _, point := range Points() {
		if s.database != "" && slices.Contains(oncePoints(), point) {
			continue // nobody recovers what living processes may hold
		}
		for _, n := range s.passes(point) {
			hit, err := killAt(ctx, v, l, fmt.Sprintf("%s:kill:%d", point, n))
			if err != nil {
				return r, err
			}
			if !hit {
				r.Broken = append(r.Broken, fmt.Sprintf("point %s was not passed %d times", point, n))
				continue
			}
			r.Kills++
			r.InFlight++
		}
		r.Points = append(r.Points, point)
	}
	v.kill()
	if err := v.start(ctx, ""); err != nil {
		return r, err
	}
	return finish(ctx, v, l, r)
}

// pointLimit is how long a point may take to be passed.
const pointLimit = 15 * time.Second

// killAt runs the server with one fault under load until it has killed itself.
func killAt(ctx context.Context, v *server, l *load, fault string) (bool, error) {
	v.kill()
	if err := v.start(ctx, fault); errors.Is(err, errNotReady) {
		return true, nil
	} else if err != nil {
		return false, err
	}
	driving, halt := context.WithTimeout(ctx, pointLimit)
	defer halt()
	finished := make(chan struct{})
	go func() {
		l.drive(driving, senders)
		close(finished)
	}()
	hit := false
	select {
	case <-v.ended():
		hit = true
	case <-driving.Done():
	}
	halt()
	<-finished
	return hit, nil
}
