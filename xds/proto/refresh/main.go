// Writes the descriptors of every proto file linked into this program as one FileDescriptorSet, imports first.
// Only needed when the Envoy API version moves: see refresh.sh, which also writes the import list (imports.go).
package main

import (
	"fmt"
	"os"
	"sort"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: descriptors <output file>"))
	}
	bytes, err := proto.MarshalOptions{Deterministic: true}.Marshal(linkedFiles())
	if err == nil {
		err = os.WriteFile(os.Args[1], bytes, 0o644)
	}
	if err != nil {
		fail(err)
	}
}

// linkedFiles sorts by path before it walks the imports, so that every run gives the same bytes.
func linkedFiles() *descriptorpb.FileDescriptorSet {
	var roots []protoreflect.FileDescriptor
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		roots = append(roots, file)
		return true
	})
	sort.Slice(roots, func(i, j int) bool { return roots[i].Path() < roots[j].Path() })

	set := &descriptorpb.FileDescriptorSet{}
	done := map[string]bool{}
	var add func(file protoreflect.FileDescriptor)
	add = func(file protoreflect.FileDescriptor) {
		if done[file.Path()] {
			return
		}
		done[file.Path()] = true
		for i := range file.Imports().Len() {
			imported := file.Imports().Get(i)
			if imported.IsPlaceholder() {
				fail(fmt.Errorf("%s imports %s, which is not linked in", file.Path(), imported.Path()))
			}
			add(imported.FileDescriptor)
		}
		set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
	}
	for _, file := range roots {
		add(file)
	}
	return set
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
