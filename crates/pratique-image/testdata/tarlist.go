// Lists tar archives as Go's archive/tar reads them; what src/tar/differential.rs compares with.
//
// The input file holds archives, each after its length in four little-endian bytes. Of each, one line is printed:
// entries as kind,name,link,size,mode,body separated by blanks, then END or ERR.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

func main() {
	all, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for len(all) > 0 {
		n := binary.LittleEndian.Uint32(all)
		list(out, all[4:4+n])
		all = all[4+n:]
	}
}

func list(out io.Writer, archive []byte) {
	reader := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := reader.Next()
		if err == io.EOF {
			fmt.Fprintln(out, "END")
			return
		}
		if err != nil {
			fmt.Fprintln(out, "ERR")
			return
		}
		kind, size := string(header.Typeflag), header.Size
		switch header.Typeflag {
		case '0', '7', 'S':
			kind = "F"
		case '1', '2', '5':
			size = 0
		case '3', '4', '6':
			kind, size = "D", 0
		case 'g':
			fmt.Fprint(out, "g ")
			continue
		default:
			kind = fmt.Sprintf("U%d", header.Typeflag)
		}
		hash := sha256.New()
		_, err = io.CopyN(hash, reader, 1<<16)
		body := fmt.Sprintf("%x", hash.Sum(nil)[:8])
		if err != nil && err != io.EOF {
			body = "bad"
		}
		fmt.Fprintf(out, "%s,%x,%x,%d,%o,%s ", kind, header.Name, header.Linkname, size, header.Mode&07777, body)
	}
}
