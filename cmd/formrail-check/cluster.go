package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"time"
)

// clusterMode breaks two servers that share one PostgreSQL: in each cycle one is frozen for
// longer than its lease, killed, or cut off from the database, under load; people decide
// the same task on both, and rights taken away on one are used on the other.
func clusterMode(ctx context.Context, s settings) (report, error) {
	r := report{Mode: "cluster", Seed: s.seed}
	p, err := newPair(ctx, s, &r)
	if err != nil {
		return r, err
	}
	defer p.close()
	random := newRandom(s.seed)
	for n := range s.cycles {
		if err := p.cycle(ctx, random, n); err != nil {
			return r, err
		}
	}
	return p.finish(ctx, &r)
}

// cycle does each thing once.
func (p *pair) cycle(ctx context.Context, random *rand.Rand, n int) error {
	steps := []func(context.Context, *rand.Rand, int) error{p.takeOver, p.race, p.revoke, p.underLoad(p.kill), p.underLoad(p.cut)}
	if p.s.restart != "" {
		steps = append(steps, p.underLoad(p.restartDatabase))
	}
	if n%2 == 1 || p.s.cycles == 1 {
		steps = append(steps, p.underLoad(p.freezeLong))
	}
	for _, step := range steps {
		if err := step(ctx, random, n); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// leaseTTL is how long a lease lives, by the promise; take-over may last twice as long.
const leaseTTL = 15 * time.Second

// takeOver freezes the server whose attempt is under way, sees the other one take over in
// time, and wakes the first one with the answer in its hands: it must not commit it.
func (p *pair) takeOver(ctx context.Context, _ *rand.Rand, n int) error {
	e := &entry{mark: fmt.Sprintf("%s-out-%d", p.load.run, n), key: fmt.Sprintf("key-%s-out-%d", p.load.run, n), kind: "outside"}
	release := p.sink.hold(e.mark)
	defer release()
	p.load.j.begin(e)
	p.load.send(e)
	if !e.acked {
		p.wrong("a record was refused while nothing was broken: %d", e.status)
		return nil
	}
	if !p.eventually(ctx, 20*time.Second, func() bool { return len(p.sink.of(e.mark)) == 1 }) {
		p.wrong("%s was not called within 20 s", e.mark)
		return nil
	}
	i := p.holder(p.sink.of(e.mark)[0].port)
	if i < 0 {
		return errors.New("find who made the call")
	}
	if err := p.freeze(i); err != nil {
		return fmt.Errorf("freeze: %w", err)
	}
	p.r.Freezes++
	begun := time.Now()
	release()
	again := p.eventually(ctx, 2*leaseTTL, func() bool { return len(p.sink.of(e.mark)) > 1 })
	took := time.Since(begun)
	if again {
		p.r.slowestTakeOver = max(p.r.slowestTakeOver, took)
	} else {
		p.wrong("%s was not taken over within %s", e.mark, 2*leaseTTL)
	}
	effects := "SELECT COUNT(*) FROM c_effects WHERE mark = $1"
	if again && !p.becomes(ctx, 20*time.Second, 1, effects, e.mark) {
		p.wrong("%s has no effect after it was taken over", e.mark)
	}
	if err := p.thaw(i); err != nil {
		return fmt.Errorf("thaw: %w", err)
	}
	pause(ctx, 3*time.Second) // the answer that it holds would be committed now
	calls := p.sink.of(e.mark)
	if len(calls) != 2 {
		p.wrong("%s was called %d times", e.mark, len(calls))
	}
	for _, c := range calls {
		if c.key == "" || c.key != calls[0].key {
			p.wrong("calls of %s have different keys", e.mark)
		}
	}
	p.load.decideOpen()
	return nil
}

func (p *pair) eventually(ctx context.Context, limit time.Duration, ok func() bool) bool {
	for end := time.Now().Add(limit); time.Now().Before(end) && ctx.Err() == nil; pause(ctx, 20*time.Millisecond) {
		if ok() {
			return true
		}
	}
	return ok()
}

// race decides one task on both servers at the same time, for and against.
func (p *pair) race(ctx context.Context, _ *rand.Rand, n int) error {
	for k := range 5 {
		e := &entry{mark: fmt.Sprintf("%s-race-%d-%d", p.load.run, n, k), key: fmt.Sprintf("key-%s-race-%d-%d", p.load.run, n, k), kind: "race"}
		path := "/api/sources:create?triggerWorkflows=approval"
		r := p.api[k%2].call(ctx, "POST", path, e.key, map[string]any{"mark": e.mark})
		if r.status != 200 && r.status != 201 {
			p.wrong("a record was refused while nothing was broken: %d", r.status)
			return nil
		}
		var task string
		if !p.eventually(ctx, 20*time.Second, func() bool { task = p.onlyTask(ctx); return task != "" }) {
			p.wrong("%s never asked anybody", e.mark)
			return nil
		}
		var wait sync.WaitGroup
		status := [2]int{}
		for i, verb := range []string{"approve", "reject"} {
			wait.Go(func() {
				status[i] = p.api[(i+k)%2].call(ctx, "POST", "/api/tasks:"+verb+"/"+task, "", map[string]any{"comment": "race"}).status
			})
		}
		wait.Wait()
		p.r.Races++
		won := 0
		for _, s := range status {
			switch {
			case s >= 200 && s < 300:
				won++
			case s != 409:
				p.wrong("the loser of a race was answered %d", s)
			}
		}
		if won != 1 {
			p.wrong("a task was decided %d times: %v", won, status)
		}
		want := int64(0)
		if status[0] < 300 {
			want = 1
		}
		if !p.becomes(ctx, 20*time.Second, want, "SELECT COUNT(*) FROM c_effects WHERE mark = $1", e.mark) {
			p.wrong("the outcome of %s is not what its winner said", e.mark)
		}
	}
	return nil
}

// onlyTask is the task that is open now; empty when there is not exactly one.
func (p *pair) onlyTask(ctx context.Context) string {
	list := p.api[0].call(ctx, "GET", "/api/tasks:list?pageSize=10", "", nil).list()
	if len(list) != 1 {
		return ""
	}
	m, _ := list[0].(map[string]any)
	return fmt.Sprint(m["id"])
}

// revoke takes a person's rights away on one server and uses them on the other at once.
func (p *pair) revoke(ctx context.Context, _ *rand.Rand, n int) error {
	root, err := p.signIn(ctx, 0, "root@example.com", "a bench nobody sits on 7")
	if err != nil {
		return err
	}
	email := fmt.Sprintf("p%d@example.com", n)
	if _, err := p.servers[0].command(ctx, "another bench nobody sits on 8", "user", "create", "--email", email, "--name", "Pat", "--role", "admin"); err != nil {
		return err
	}
	person, err := p.signIn(ctx, 1, email, "another bench nobody sits on 8")
	if err != nil {
		return err
	}
	who := person.call(ctx, "GET", "/api/auth:check", "", nil)
	user, _ := who.data()["user"].(map[string]any)
	id := number(user["id"])
	if id == 0 {
		id = number(who.data()["id"])
	}
	for range 5 {
		if got := person.call(ctx, "GET", "/api/workflows:list", "", nil).status; got != 200 {
			p.wrong("a person with rights was answered %d", got)
		}
		if _, err := root.must(ctx, "POST", fmt.Sprintf("/api/users:deactivate/%d", id), map[string]any{}); err != nil {
			return err
		}
		p.r.Revocations++
		if got := person.call(ctx, "GET", "/api/workflows:list", "", nil).status; got != 401 && got != 403 {
			p.wrong("rights that were taken away on one server were good on the other: %d", got)
		}
		if _, err := root.must(ctx, "POST", fmt.Sprintf("/api/users:activate/%d", id), map[string]any{}); err != nil {
			return err
		}
		if person, err = p.signIn(ctx, 1, email, "another bench nobody sits on 8"); err != nil {
			return err
		}
	}
	return nil
}

// signIn gives a client at one server with a session of a person.
func (p *pair) signIn(ctx context.Context, i int, account, password string) (*client, error) {
	c := newClient(p.servers[i].address)
	r, err := c.must(ctx, "POST", "/api/auth:signIn", map[string]any{"account": account, "password": password})
	if err != nil {
		return nil, err
	}
	c.token = fmt.Sprint(r.data()["token"])
	return c, nil
}

// underLoad does something while requests come in at both servers, and lets them settle.
func (p *pair) underLoad(what func(context.Context, *rand.Rand) error) func(context.Context, *rand.Rand, int) error {
	return func(ctx context.Context, random *rand.Rand, _ int) error {
		driving, halt := context.WithCancel(ctx)
		finished := make(chan struct{})
		go func() {
			p.load.drive(driving, senders/2)
			close(finished)
		}()
		pause(ctx, time.Duration(300+random.IntN(700))*time.Millisecond)
		if p.load.j.busy() > 0 {
			p.r.InFlight++
		}
		err := what(ctx, random)
		pause(ctx, 500*time.Millisecond)
		halt()
		<-finished
		return err
	}
}

// kill kills the servers in turn, as a rolling restart at its worst does.
func (p *pair) kill(ctx context.Context, _ *rand.Rand) error {
	for _, v := range p.servers {
		v.kill()
		p.r.Kills++
		if err := v.start(ctx, ""); err != nil {
			return fmt.Errorf("restart after kill %d: %w", p.r.Kills, err)
		}
	}
	return nil
}

// cut ends all connections of the servers to the database, several times.
func (p *pair) cut(ctx context.Context, random *rand.Rand) error {
	for range 3 {
		_, err := p.onDatabase(ctx, `SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'formrail%'`)
		if err != nil {
			return err
		}
		p.r.Cuts++
		pause(ctx, time.Duration(200+random.IntN(400))*time.Millisecond)
	}
	return nil
}

// restartDatabase restarts the database server by the command that was given.
func (p *pair) restartDatabase(ctx context.Context, _ *rand.Rand) error {
	out, err := exec.CommandContext(ctx, "sh", "-c", p.s.restart).CombinedOutput()
	if err != nil {
		return fmt.Errorf("restart the database: %w: %s", err, out)
	}
	p.r.Restarts++
	pause(ctx, 2*time.Second)
	return nil
}

// freezeLong freezes one server under load for longer than its lease.
func (p *pair) freezeLong(ctx context.Context, random *rand.Rand) error {
	i := random.IntN(2)
	if err := p.freeze(i); err != nil {
		return fmt.Errorf("freeze: %w", err)
	}
	p.r.Freezes++
	pause(ctx, leaseTTL+time.Duration(2+random.IntN(3))*time.Second)
	if err := p.thaw(i); err != nil {
		return fmt.Errorf("thaw: %w", err)
	}
	return nil
}

// finish lets everything come to rest, stops both servers and judges.
func (p *pair) finish(ctx context.Context, r *report) (report, error) {
	r.Broken = append(r.Broken, p.load.settle(ctx, 90*time.Second)...)
	for _, v := range p.servers {
		if err := v.stop(); err != nil {
			r.Broken = append(r.Broken, err.Error())
		}
	}
	v := p.servers[0]
	r.Broken = append(r.Broken, p.mishaps()...)
	r.Sent, r.Unknown = p.load.j.sent, p.load.j.unknown
	r.SlowestReady = max(v.slowest, p.servers[1].slowest).Round(time.Millisecond).String()
	r.SlowestTakeOver = r.slowestTakeOver.Round(time.Millisecond).String()
	if err := p.judgeSlots(ctx, r); err != nil {
		return *r, err
	}
	if err := judge(ctx, v, p.load.j, r); err != nil {
		return *r, err
	}
	if !r.ok() {
		r.Folder = v.folder
		return *r, nil
	}
	return *r, os.RemoveAll(v.folder)
}

// judgeSlots looks at the schedule that two servers could have fired.
func (p *pair) judgeSlots(ctx context.Context, r *report) error {
	fired, err := p.onDatabase(ctx, "SELECT COUNT(*) FROM schedule_slots WHERE state = 'fired'")
	if err != nil {
		return err
	}
	started, err := p.onDatabase(ctx, "SELECT COUNT(*) FROM executions WHERE trigger_type = 'schedule'")
	if err != nil {
		return err
	}
	early, err := p.onDatabase(ctx, `SELECT COUNT(*) FROM executions e JOIN schedule_slots s ON s.execution_id = e.id WHERE e.created_at < s.slot_at`)
	if err != nil {
		return err
	}
	r.Slots = int(fired)
	if fired != started || fired == 0 || early > 0 {
		p.wrong("%d slots fired, %d executions of the schedule started, %d of them early", fired, started, early)
	}
	return nil
}
