package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"formrail/models"
	"formrail/models/text"
)

// maxPasswordLine bounds what is read as a password.
const maxPasswordLine = 4096

// createUser creates a person; with the role root, the first administrator.
func (c *cli) createUser(ctx context.Context, args []string) error {
	f := c.flags("user create")
	email := f.String("email", "", "address")
	name := f.String("name", "", "name that is shown")
	role := f.String("role", "", "role to give")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if err := f.need("email", "name", "role"); err != nil {
		return err
	}
	password, err := bufio.NewReader(io.LimitReader(c.in, maxPasswordLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read password: %w", err)
	}
	return c.with(ctx, f.storage, create, func(db *models.DB) error {
		if err := db.EnsureSeed(ctx); err != nil {
			return err
		}
		hash, err := models.NewPasswords(db).Hash(ctx, strings.TrimRight(password, "\r\n"))
		if err != nil {
			return err
		}
		in := models.NewUser{Email: *email, Nickname: *name, Roles: []string{*role}, Password: hash}
		var u models.User
		err = db.Write(ctx, "cli.user", func(tx *models.Tx) error {
			if *role == models.RoleRoot {
				u, err = models.CreateRoot(ctx, tx, in)
			} else {
				u, err = models.CreateUser(ctx, tx, models.SystemAccess(), in)
			}
			return err
		})
		if err == nil {
			c.say(text.M("cli.user_made", "%s can sign in as %s.", u.Nickname, u.Email))
		}
		return err
	})
}

// createToken creates an API token with all scopes and prints nothing but it.
func (c *cli) createToken(ctx context.Context, args []string) error {
	f := c.flags("token create")
	account := f.String("user", "", "address or user name of its owner")
	role := f.String("role", "", "one of the owner's roles; all without it")
	name := f.String("name", "command line", "name of the token")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if err := f.need("user"); err != nil {
		return err
	}
	return c.with(ctx, f.storage, beside, func(db *models.DB) error {
		u, err := models.UserByAccount(ctx, db.Read(), *account)
		if models.IsKind(err, models.KindNotFound) {
			return models.NewError(models.KindNotFound, "NOT_FOUND", text.M("cli.no_user", "There is nobody named %s.", *account))
		}
		if err != nil {
			return err
		}
		var secret string
		err = db.Write(ctx, "cli.token", func(tx *models.Tx) error {
			secret, _, err = models.CreateToken(ctx, tx, models.SystemAccess(),
				models.NewToken{UserID: u.ID, Name: *name, Role: *role, Scopes: models.TokenScopes()})
			return err
		})
		if err == nil {
			c.say(text.Verbatim(secret))
		}
		return err
	})
}

// version prints the version and the commit it was built from.
func (c *cli) version(context.Context, []string) error {
	c.say(text.Verbatim("formrail " + version()))
	return nil
}

// version is what the build says about itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	out := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			out += " " + s.Value
		}
	}
	return strings.TrimSpace(out + " " + info.GoVersion)
}
