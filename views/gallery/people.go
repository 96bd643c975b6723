package gallery

import (
	"time"

	"formrail/views/layout"
	"formrail/views/people"
	"formrail/views/ui"
	"formrail/views/urls"
)

func peopleSamples() []Sample {
	return []Sample{
		{Name: "page-people", Page: true, Component: people.List(peopleProps())},
		{Name: "page-people-none", Page: true, Component: people.List(people.ListProps{Session: peopleSession(), Search: "zz"})},
		{Name: "page-people-dialog", Page: true, Component: people.List(personProps())},
		{Name: "page-people-link", Page: true, Component: people.List(linkProps())},
	}
}

func peopleSession() layout.Session {
	s := session()
	s.Nav.Settings = []layout.NavItem{{Label: "People", Href: urls.People(), Icon: "users"}}
	s.Nav.Groups = append(s.Nav.Groups, layout.NavGroup{Title: "Settings", Items: s.Nav.Settings})
	return s
}

func peopleProps() people.ListProps {
	return people.ListProps{
		Session: peopleSession(), Pager: ui.PagerProps{Summary: "1–4 of 148", Next: urls.People() + "?page=2"},
		Rows: []people.Row{
			{Person: mara(), Email: "mara.lindqvist@northwind.example", Roles: []string{"Designer", "Approver"}, Status: people.Active, Seen: ago(2 * time.Minute), CanManage: true, Self: true},
			{Person: ines(), Email: "ines.carvalho@northwind.example", Manager: "Mara Lindqvist", Roles: []string{"Member"}, Status: people.Active, Seen: ago(time.Hour), CanManage: true},
			{Person: elif(), Email: "elif.demir@northwind.example", Manager: "Mara Lindqvist", Roles: []string{"Member"}, Status: people.Invited, CanManage: true},
			{Person: jun(), Email: "jun.tanaka@northwind.example", Roles: []string{"Owner"}, Status: people.Deactivated, Seen: on(11, 2, 9, 0)},
		},
	}
}

func personProps() people.ListProps {
	p := peopleProps()
	p.Dialog = &people.Dialog{
		Title: "Add person", Note: "You get a link to hand over. With it the person chooses a password.", Address: urls.People(), Submit: "Add person",
		Name: people.Text{Value: "Elif Demir"}, Email: people.Text{Value: "elif", Problem: "Enter one email address, such as ana@example.com."}, Manager: people.Text{Value: "12"},
		Managers: []people.ManagerChoice{{ID: "17", Name: "Ines Carvalho", Email: "ines.carvalho@northwind.example"}, {ID: "12", Name: "Mara Lindqvist", Email: "mara.lindqvist@northwind.example"}},
		Roles: []people.RoleChoice{
			{Name: "root", Title: "Owner", Note: "Everything, including what belongs to the instance.", Fixed: true},
			{Name: "approver", Title: "Approver", Note: "Can be asked as a group.", Checked: true},
		},
		EveryoneTitle: "Member",
	}
	return p
}

func linkProps() people.ListProps {
	p := peopleProps()
	p.Problem = "You cannot deactivate yourself. Ask another administrator."
	p.Link = &people.Link{Name: "Elif Demir", Address: urls.InvitationLink("https://flows.northwind.example", "9Kd2vTq7hB4sWn0yRzL6xE3uJm8cPa5f")}
	return p
}
