package engine

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"formrail/engine/expr"
	"formrail/engine/inbound"
	"formrail/engine/trigger"
	"formrail/models"
	"formrail/models/secret"
	"formrail/models/text"
)

// Served is a workflow that takes requests of other programs, with all that deciding
// about one needs. It belongs to one version and is safe for concurrent use.
type Served struct {
	Key, Title string
	Type       string

	proving
	l         *listener
	token     string // in the address; empty = none
	condition *expr.Condition
	dedupe    *expr.Program
	body      *expr.Template // of the answer before the end
}

// serving keeps what [Engine.Served] makes of a workflow, as long as its listener lives.
type serving struct {
	mu sync.Mutex
	s  *Served
}

// secretPath is the setting whose secret stands in the address.
const secretPath = "secretPath"

// Served finds the workflow that takes requests of a type under a key and, where its
// address is secret, a token. Whatever is wrong with the address, the answer is the same.
func (e *Engine) Served(ctx context.Context, typ, key, token string) (*Served, error) {
	ix, err := e.listeners(ctx)
	if err != nil {
		return nil, fmt.Errorf("read trigger index: %w", err)
	}
	l := ix.byKey[key]
	if l == nil || l.workflow.Type != typ || !e.registry.triggerIs(typ, (*trigger.Type).Serves) {
		return nil, models.NotFound()
	}
	var s *Served
	switch {
	case l.workflow.Enabled && l.version != nil && l.broken == nil:
		s, err = e.ready(ctx, l)
	case e.AwaitsSample(l.workflow.ID):
		s, err = e.sampling(ctx, l)
	default:
		return nil, models.NotFound()
	}
	if err != nil {
		return nil, err
	}
	want, got := sha256.Sum256([]byte(s.token)), sha256.Sum256([]byte(token))
	if !hmac.Equal(want[:], got[:]) {
		return nil, models.NotFound()
	}
	return s, nil
}

// ready gives a workflow made ready to take requests, as its listener keeps it.
func (e *Engine) ready(ctx context.Context, l *listener) (*Served, error) {
	l.serving.mu.Lock()
	defer l.serving.mu.Unlock()
	if l.serving.s != nil {
		return l.serving.s, nil
	}
	s, err := e.serve(ctx, l)
	if err != nil {
		return nil, err
	}
	l.serving.s = s
	return s, nil
}

// serve makes a workflow ready to take requests.
func (e *Engine) serve(ctx context.Context, l *listener) (*Served, error) {
	return e.serveWith(ctx, l, l.version.Trigger.Serve(l.version.Settings))
}

// serveWith is serve with the door of another version.
func (e *Engine) serveWith(ctx context.Context, l *listener, door inbound.Door) (*Served, error) {
	w := l.workflow
	proof, err := e.proving(ctx, w.ID, door)
	if err != nil {
		return nil, err
	}
	s := &Served{Key: w.Key, Title: w.Title, Type: w.Type, l: l, proving: proof}
	if s.door.SecretPath {
		if s.token, err = e.pathToken(ctx, w.ID); err != nil {
			return nil, err
		}
	}
	return s, s.compile()
}

// compile reads the expressions of the settings.
func (s *Served) compile() (err error) {
	if s.door.Condition != "" {
		if s.condition, err = expr.CompileCondition(map[string]any{"engine": "expr", "expression": s.door.Condition}); err != nil {
			return fmt.Errorf("condition of %s: %w", s.Key, err)
		}
	}
	if s.door.Dedupe != "" {
		if s.dedupe, err = expr.Compile(s.door.Dedupe); err != nil {
			return fmt.Errorf("key of requests to %s: %w", s.Key, err)
		}
	}
	if s.body, err = expr.CompileTemplate(s.door.Answer.Body); err != nil {
		return fmt.Errorf("answer of %s: %w", s.Key, err)
	}
	return nil
}

// pathToken gives the secret part of a workflow's address; the first use makes it.
func (e *Engine) pathToken(ctx context.Context, workflowID int64) (string, error) {
	ids, err := models.SecretIDs(ctx, e.db.Read(), workflowID, secretPath)
	if err != nil {
		return "", err
	}
	if len(ids) == 0 {
		err := e.db.Write(context.WithoutCancel(ctx), "workflow.address", func(tx *models.Tx) error {
			ids, err := models.SecretIDs(ctx, tx, workflowID, secretPath)
			if err != nil || len(ids) > 0 {
				return err
			}
			return newPath(ctx, tx, workflowID, 0)
		})
		if err != nil {
			return "", fmt.Errorf("make address: %w", err)
		}
		if ids, err = models.SecretIDs(ctx, e.db.Read(), workflowID, secretPath); err != nil {
			return "", err
		}
	}
	secrets, err := e.db.OpenSecrets(ctx, workflowID)
	if err != nil {
		return "", err
	}
	return secrets[ids[0]].Reveal(), nil
}

// newPath makes a secret part of an address: 128 random bits.
func newPath(ctx context.Context, tx *models.Tx, workflowID, by int64) error {
	var b [16]byte
	rand.Read(b[:]) // never fails
	_, err := models.InsertSecret(ctx, tx, models.NewSealed{
		WorkflowID: workflowID, Setting: secretPath, By: by, Content: secret.New(base64.RawURLEncoding.EncodeToString(b[:])),
	})
	return err
}

// RenewAddress gives a workflow another secret part of its address; the former one is
// worth nothing from then on.
func (e *Engine) RenewAddress(ctx context.Context, access models.Access, key string) error {
	if err := errors.Join(access.Require("workflow.edit"), access.Require("workflow.publish")); err != nil {
		return err
	}
	err := e.db.Write(ctx, "workflow.renew_address", func(tx *models.Tx) error {
		w, err := models.WorkflowByKey(ctx, tx, key)
		if err != nil {
			return err
		}
		if err := newPath(ctx, tx, w.ID, access.Principal.UserID); err != nil {
			return err
		}
		if err := models.Audit(ctx, tx, models.AuditEntry{
			Principal: access.Principal, Action: "workflow.renew_address", ObjectType: "workflow", ObjectID: w.Key, Title: w.Title,
		}); err != nil {
			return err
		}
		return models.UpdateWorkflow(ctx, tx, w)
	})
	if err != nil {
		return fmt.Errorf("renew address of %s: %w", key, err)
	}
	return nil
}

// AddressOf gives the path of the address that a definition of a workflow takes requests
// under; empty for workflows that take none. It holds the secret part.
func (e *Engine) AddressOf(ctx context.Context, access models.Access, w *models.Workflow, d *Definition) (string, error) {
	t := e.registry.triggers[w.Type]
	if t == nil || !t.Serves() || !access.Can("workflow.edit") {
		return "", nil
	}
	path := ServedPath(w.Type, w.Key)
	settings, _ := t.Decode(d.Trigger.Config)
	if !t.Serve(settings).SecretPath {
		return path, nil
	}
	token, err := e.pathToken(ctx, w.ID)
	return path + "/" + token, err
}

// ServedPath is the public path of a workflow that takes requests.
func ServedPath(typ, key string) string {
	if typ == "webhook" {
		return "/hooks/" + key
	}
	return "/api/http:trigger/" + key
}

// Methods are those that start the workflow.
func (s *Served) Methods() []string { return s.door.Methods }

// Takes reports whether a method starts the workflow.
func (s *Served) Takes(method string) bool { return s.door.Takes(method) }

// MaxBody is the size of the largest body.
func (s *Served) MaxBody() int { return s.door.MaxBody }

// Person reports whether a person must be known by a token.
func (s *Served) Person() bool { return s.door.Person }

// Contract reports whether the workflow has typed parameters.
func (s *Served) Contract() bool { return s.door.Contract }

// Origin gives the origin of another site's page that may call it, else nothing.
func (s *Served) Origin(sent string) string { return s.door.Origin(sent) }

// OwnHeaders are the headers that the parameters and the proof of a caller stand in.
func (s *Served) OwnHeaders() []string {
	out := s.door.Secret()
	for _, p := range s.door.Params {
		if p.In == "header" {
			out = append(out, p.Name)
		}
	}
	return out
}

// MayStart refuses people without one of the roles that may start it.
func (s *Served) MayStart(roles []string) error {
	if len(s.door.Starters) == 0 || slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(s.door.Starters, r) }) {
		return nil
	}
	return models.Forbidden("WORKFLOW_NOT_ALLOWED", text.M("serve.starters", "You may not start this workflow. Ask an administrator for one of its roles."))
}

// Admit decides by address and rate, before a body is looked at.
func (e *Engine) Admit(s *Served, address string) error {
	if err := s.door.Networks.Check(address); err != nil {
		return e.turnedAway(s, "ip_denied", models.Forbidden(inbound.AddressRefused, messageOf(err)))
	}
	if wait := e.rates.Take(s.l.workflow.ID, s.door.Rate, e.clock.Now()); wait > 0 {
		refused := models.NewError(models.KindTooMany, inbound.TooManyNow, text.M("serve.rate", "Too many requests. Wait a little, then try again."))
		refused.RetryAfter = wait
		return e.turnedAway(s, "rate_limited", refused)
	}
	return nil
}

// Fits refuses a body that is too large, by what a request says or has.
func (e *Engine) Fits(s *Served, size int) error {
	if size <= s.door.MaxBody {
		return nil
	}
	return e.turnedAway(s, "payload_too_large", models.NewError(models.KindTooLarge, "BODY_TOO_LARGE",
		text.M("serve.body", "The body is larger than the %d bytes that are taken here.", s.door.MaxBody)))
}

// Prove checks who sent a request: all that is asked for must hold. Nothing was written
// and nothing of the body was read before.
func (e *Engine) Prove(s *Served, r inbound.Request) (inbound.Proof, error) {
	proof, reason, err := s.prove(r, e.clock.Now())
	if err != nil {
		return proof, e.turnedAway(s, reason, err)
	}
	return proof, nil
}

// turnedAway counts a request that did not prove who it is; nothing else is kept of it.
func (e *Engine) turnedAway(s *Served, reason string, refused *models.Error) error {
	e.requests.count(s.l.workflow, reason, e.clock.Now())
	return refused
}

func messageOf(err error) text.Message {
	var p *inbound.Problem
	if errors.As(err, &p) {
		return p.Message
	}
	return text.Verbatim(err.Error())
}

// syncWait is how long a repeat waits for the answer of the first request.
const syncWait = syncDeadline + time.Second
