package nodes

import (
	"context"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type notificationConfig struct {
	Channel string `json:"channel"`
	To      any    `json:"to"`
	Title   string `json:"title"`
	Body    string `json:"body"`
	Link    string `json:"link"`
	Level   string `json:"level"`
}

// notification tells people something, without waiting for them.
var notification = node.Define(node.Spec[notificationConfig]{
	Key: "notification", Group: node.People, Icon: "bell", Title: "Notification",
	Summary:  "Tell people something",
	Synonyms: []string{"message", "tell", "notify", "bell"},
	Help:     "Puts a message under the bell of each person. Nobody gets it twice. When nobody is found the step says so and goes on.",
	Config: []field.Field{
		{Name: "channel", Kind: field.Select, Label: "Channel", Default: "in_app", Options: field.Choices("in_app", "In the app")},
		{Name: "to", Kind: field.People, Label: "Recipients", Required: true},
		{Name: "title", Kind: field.Template, Label: "Title", Required: true},
		{Name: "body", Kind: field.Template, Label: "Text"},
		{Name: "link", Kind: field.Template, Label: "Link", Help: "Where the message leads, for example a page of this app."},
		{Name: "level", Kind: field.Select, Label: "Level", Default: "info", Options: field.Choices("info", "Information", "warning", "Warning")},
	},
	Effect: node.Local,
	Check:  func(c notificationConfig, _ node.Catalog) field.Problems { return checkPeople("to", c.To) },
	Outputs: func(notificationConfig, node.Catalog) field.Shape {
		one := field.Object("Deliveries",
			field.Named{Name: "to", Shape: field.Shape{Kind: field.Integer, Label: "Person"}},
			field.Named{Name: "status", Shape: field.Shape{Kind: field.Text, Label: "Status"}},
			field.Named{Name: "id", Shape: field.Shape{Kind: field.Text, Label: "Number"}})
		one.List = true
		return field.Object("Result",
			field.Named{Name: "sent", Shape: field.Shape{Kind: field.Integer, Label: "Sent"}},
			field.Named{Name: "failed", Shape: field.Shape{Kind: field.Integer, Label: "Failed"}},
			field.Named{Name: "deliveries", Shape: one})
	},
	Line: func(c notificationConfig, _ node.Catalog) string { return peopleLine(c.To) },
	Run:  runNotification,
	Examples: []node.Example[notificationConfig]{
		{
			Title:  "Tell two people",
			Config: map[string]any{"to": map[string]any{"users": []any{int64(3), int64(5)}}, "title": "Order {{ trigger.data.id }} was approved"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"id": int64(42)}}},
			Want: node.Want{Output: map[string]any{"sent": int64(2), "failed": int64(0), "deliveries": []any{
				map[string]any{"to": int64(3), "status": "sent", "id": "1"}, map[string]any{"to": int64(5), "status": "sent", "id": "2"},
			}}},
		},
		{
			Title:  "Nobody is found",
			Config: map[string]any{"to": map[string]any{"roles": []any{"finance_lead"}}, "title": "Approved"},
			Want:   node.Want{Output: map[string]any{"sent": int64(0), "failed": int64(0), "deliveries": []any{}}},
		},
		{
			Title:  "No delivery works",
			Config: map[string]any{"to": map[string]any{"users": []any{int64(404)}}, "title": "Approved"},
			Want:   node.Want{Code: "DELIVERY_FAILED"},
		},
	},
})

func runNotification(ctx context.Context, call node.Call, c notificationConfig) (node.Result, error) {
	deliveries, err := call.Notify.InApp(ctx, node.Notification{To: c.To, Title: c.Title, Body: c.Body, Link: c.Link, Level: c.Level})
	if err != nil {
		return node.Result{}, err
	}
	sent, failed, list := 0, 0, make([]any, len(deliveries))
	for i, d := range deliveries {
		switch d.Status {
		case "sent":
			sent++
		case "failed":
			failed++
		}
		list[i] = map[string]any{"to": d.To, "status": d.Status, "id": d.ID}
	}
	out := map[string]any{"sent": int64(sent), "failed": int64(failed), "deliveries": list}
	if failed > 0 && failed == len(deliveries) {
		return node.Result{}, node.Broken("DELIVERY_FAILED", text.M("node.delivery", "The notification reached none of its recipients.")).With(out)
	}
	result := node.Done(out)
	if len(deliveries) == 0 {
		result = result.Warn(text.M("node.no_recipient", "Nobody was found, so nobody was notified."))
	}
	return result, nil
}
