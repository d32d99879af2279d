package iam_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// Identities come, change and go while others call; the race detector watches.
func TestCallsWhileIdentitiesChange(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	arn := a.newRole("r", trustAWS(accountRoot), allowPolicy("kinesis:*", "*"))
	root := a.root()
	var done sync.WaitGroup
	for i := range 8 {
		done.Go(func() {
			name := fmt.Sprintf("u%d", i)
			for range 20 {
				key, err := a.assume(root, arn, "")
				if err != nil {
					t.Error(err)
					return
				}
				p, err := a.as(key)
				if err != nil {
					t.Error(err)
					return
				}
				_ = a.may(p, wire.Access{Action: "kinesis:PutRecord", Resource: stream})
				for _, step := range [][2]string{
					{"CreateUser", `{"UserName":"` + name + `"}`},
					{"PutUserPolicy", `{"UserName":"` + name + `","PolicyName":"p","PolicyDocument":` + quote(allowPolicy("a:b", "*")) + `}`},
					{"PutRolePolicy", `{"RoleName":"r","PolicyName":"` + name + `","PolicyDocument":` + quote(allowPolicy("a:b", "*")) + `}`},
					{"ListUsers", `{}`},
					{"ListRoles", `{}`},
					{"DeleteUserPolicy", `{"UserName":"` + name + `","PolicyName":"p"}`},
					{"DeleteUser", `{"UserName":"` + name + `"}`},
				} {
					if _, err := a.do(root, "iam."+step[0], step[1]); err != nil {
						t.Errorf("%s: %v", step[0], err)
						return
					}
				}
			}
		})
	}
	done.Wait()
}
