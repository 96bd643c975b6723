package urls

import "net/url"

// Collections is the list; POST makes one. Its filter is search.
func Collections() string { return "/collections" }

// NewCollection is the form that makes a collection. With a title it gives the key
// that the title suggests.
func NewCollection() string { return "/new-collection" }

// Collection is one collection with its fields.
func Collection(name string) string { return Collections() + "/" + url.PathEscape(name) }

// CollectionSettings shows and takes the settings of a collection.
func CollectionSettings(name string) string { return Collection(name) + "/settings" }

// CollectionOpen lets everybody use the records of a collection; POST.
func CollectionOpen(name string) string { return Collection(name) + "/open" }

// CollectionRename asks for another key of a collection and takes it.
func CollectionRename(name string) string { return Collection(name) + "/rename" }

// CollectionDelete asks before a collection is deleted and takes the answer.
func CollectionDelete(name string) string { return Collection(name) + "/delete" }

// CollectionRestore brings a deleted collection back; POST.
func CollectionRestore(name string) string { return Collection(name) + "/restore" }

// CollectionNewField shows and takes the form of a new field of a type.
func CollectionNewField(name, kind string) string {
	return Collection(name) + "/new-field/" + url.PathEscape(kind)
}

// CollectionField shows and takes the settings of a field.
func CollectionField(name, field string) string {
	return Collection(name) + "/fields/" + url.PathEscape(field)
}

// CollectionFieldRename asks for another key of a field and takes it.
func CollectionFieldRename(name, field string) string {
	return CollectionField(name, field) + "/rename"
}

// CollectionFieldDelete asks before a field is deleted and takes the answer.
func CollectionFieldDelete(name, field string) string {
	return CollectionField(name, field) + "/delete"
}

// CollectionFieldRestore brings a deleted field back; POST.
func CollectionFieldRestore(name, field string) string {
	return CollectionField(name, field) + "/restore"
}

// CollectionFieldMove moves a field by the value direction: up or down; POST.
func CollectionFieldMove(name, field string) string { return CollectionField(name, field) + "/move" }
