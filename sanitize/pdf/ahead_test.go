package pdf

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"sekisho/sanitize"
)

// motley makes a file of pages whose contents and pictures are of every kind that is done ahead or is not.
func motley(n int) []byte {
	var kids strings.Builder
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"}
	picture := "/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode"
	random, lines := rand.New(rand.NewPCG(1, 2)), strings.Builder{}
	for lines.Len() <= aheadContent {
		fmt.Fprintf(&lines, "%d %d l\n", random.Uint32(), random.Uint32())
	}
	long := flated("", lines.String()) // too long
	shared := len(objects) + 1
	objects = append(objects, flated("", "0 0 9 9 re f"), stream(picture, "\xff\xd8shared\xff\xd9"))
	for i := range n {
		first := len(objects) + 2 // the page's own stream, a second one, a picture
		contents := []string{
			flated("", fmt.Sprintf("BT /F1 12 Tf 72 720 Td (page %d) Tj ET", i)),
			flated("", "q BI /W 1 /H 1 /BPC 8 /CS /G ID x EI Q"), // for the walk: a picture in it
			stream("/Filter/FlateDecode", "x\x9cdamaged"),        // a finding
			stream("", "q 1 0 0 1 5 5 cm (broken off"),           // in the middle of an operation
			flated("", "0 0 1 rg 7 7 nonsense 1 1 m 2 2 l S"),    // something is lost
			stream("", ""),
			long,
		}
		content := contents[i%len(contents)]
		jpeg := stream(picture, fmt.Sprintf("\xff\xd8picture %d\xff\xd9behind", i))
		if i%4 == 3 {
			jpeg = stream(picture, "\xff\xd8 no end")
		}
		objects = append(objects,
			fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>/XObject<</A %d 0 R/B %d 0 R>>>>/Contents[%d 0 R %d 0 R %d 0 R]>>",
				shared+1, first+2, shared, first, first+1),
			content, flated("", "1 1 m S"), jpeg)
		fmt.Fprintf(&kids, "%d 0 R ", first-1)
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Kids[%s]/Count %d>>", kids.String(), n)
	return file("", objects...)
}

// TestAhead proves that the output and the findings do not depend on how many processors there are.
func TestAhead(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	e, err := sanitize.NewEngine([]sanitize.Format{Format{}, jpegStub{}}, sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string][]byte{"motley": motley(20), "many pages": manyPages(300)} {
		run := func(procs int) ([]byte, []sanitize.Finding) {
			runtime.GOMAXPROCS(procs)
			var out bytes.Buffer
			report, err := e.Rebuild(context.Background(), sanitize.Job{Input: sanitize.BytesInput(in), Policy: sanitize.Standard()}, &out)
			if err != nil {
				t.Fatalf("%s with %d processors: %v", name, procs, err)
			}
			return out.Bytes(), report.Findings
		}
		alone, told := run(1)
		if name == "motley" && (len(told) < 4 || !bytes.Contains(alone, []byte("picture 2\xff\xd9"))) {
			t.Errorf("%s is not motley: %v", name, told)
		}
		for range 3 {
			together, alsoTold := run(4)
			if !bytes.Equal(alone, together) {
				t.Errorf("%s: other bytes with four processors", name)
			}
			if !reflect.DeepEqual(told, alsoTold) {
				t.Errorf("%s: %v with four processors, %v with one", name, alsoTold, told)
			}
		}
	}
}

// TestAheadEnds proves that a run that fails leaves nothing behind that still works.
func TestAheadEnds(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	e, err := sanitize.NewEngine([]sanitize.Format{Format{}, jpegStub{}}, sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	policy := sanitize.Standard()
	policy.Limits.Expanded = 8000 // reached in the middle of the pages
	_, err = e.Rebuild(context.Background(), sanitize.Job{Input: sanitize.BytesInput(manyPages(340)), Policy: policy}, &bytes.Buffer{})
	if err == nil {
		t.Fatal("no limit")
	}
}
