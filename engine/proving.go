package engine

import (
	"context"
	"errors"
	"time"

	"formrail/engine/inbound"
	"formrail/models"
	"formrail/models/text"
)

// proving is a door with its secrets opened. It is safe for concurrent use.
type proving struct {
	door      inbound.Door
	basic     inbound.Basic
	key       inbound.Bearer
	signature inbound.Signature
}

// proving opens the secrets of a door of a workflow.
func (e *Engine) proving(ctx context.Context, workflowID int64, door inbound.Door) (proving, error) {
	p := proving{door: door}
	secrets, err := e.db.OpenSecrets(context.WithoutCancel(ctx), workflowID)
	if err != nil {
		return p, err
	}
	if b := door.Basic; b != nil {
		p.basic = inbound.Basic{User: b.User, Password: secrets[b.Password.ID].Reveal()}
	}
	if k := door.Key; k != nil {
		p.key = inbound.Bearer{Header: k.Header, Token: secrets[k.Key.ID].Reveal()}
	}
	if g := door.Signed; g != nil {
		p.signature = g.Signature
		for _, ref := range g.Secrets {
			p.signature.Secrets = append(p.signature.Secrets, secrets[ref.ID].Reveal())
		}
	}
	return p, nil
}

// prove checks who sent a request: all that is asked for must hold. reason is how a refusal
// is counted.
func (p *proving) prove(r inbound.Request, now time.Time) (proof inbound.Proof, reason string, refused *models.Error) {
	var basic, key error
	if p.door.Basic != nil {
		basic = p.basic.Check(r.Headers)
	}
	if p.door.Key != nil {
		key = p.key.Check(r.Headers)
	}
	if err := errors.Join(basic, key); err != nil {
		refused = models.NewError(models.KindUnauthenticated, inbound.Unknown, text.M("inbound.unauthenticated", "The request does not prove who sends it."))
		return proof, "unauthenticated", refused.With("scheme", p.scheme())
	}
	if p.door.Signed == nil {
		return proof, "", nil
	}
	proof, err := p.signature.Check(r.Headers, r.Body, now)
	if err == nil {
		return proof, "", nil
	}
	wrong := &inbound.Problem{Code: inbound.BadSignature, Message: text.Verbatim(err.Error())}
	errors.As(err, &wrong)
	reason = "signature_invalid"
	if wrong.Code == inbound.OutsideWindow {
		reason = "replay_window"
	}
	return inbound.Proof{}, reason, models.NewError(models.KindUnauthenticated, wrong.Code, wrong.Message).With("scheme", "")
}

// scheme is what WWW-Authenticate says.
func (p *proving) scheme() string {
	switch {
	case p.door.Basic != nil:
		return `Basic realm="webhook"`
	case p.door.Key != nil && p.door.Key.Header == "Authorization":
		return "Bearer"
	}
	return ""
}
