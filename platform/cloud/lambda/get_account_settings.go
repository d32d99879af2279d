package lambda

// GetAccountSettings shows the account's limits and what it uses of them. The
// limit on the size of all code is reported, not enforced.

import (
	"context"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

const totalCodeBytesMax = 75 << 30

type getAccountSettingsInput struct{}

type getAccountSettingsOutput struct {
	AccountLimit accountLimit
	AccountUsage accountUsage
}

type accountLimit struct {
	TotalCodeSize                  int64
	CodeSizeUnzipped               int64
	CodeSizeZipped                 int64
	ConcurrentExecutions           int
	UnreservedConcurrentExecutions int
}

type accountUsage struct {
	TotalCodeSize int64
	FunctionCount int64
}

func (s *Service) getAccountSettings() wire.Operation {
	return route("GetAccountSettings", http.MethodGet, "/2016-08-19/account-settings",
		func(*wire.Call, *getAccountSettingsInput) []wire.Access {
			return []wire.Access{{Action: "lambda:GetAccountSettings", Resource: "*"}}
		},
		func(context.Context, *wire.Call, *getAccountSettingsInput) (getAccountSettingsOutput, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			out := getAccountSettingsOutput{
				AccountLimit: accountLimit{
					TotalCodeSize: totalCodeBytesMax, CodeSizeUnzipped: maxUnzippedBytes, CodeSizeZipped: maxZippedBytes,
					ConcurrentExecutions: accountConcurrency, UnreservedConcurrentExecutions: accountConcurrency - s.pool.reservations(),
				},
				AccountUsage: accountUsage{FunctionCount: int64(len(s.functions))},
			}
			for _, f := range s.functions {
				for _, v := range f.all() {
					out.AccountUsage.TotalCodeSize += v.spec.code.bytes
				}
			}
			return out, nil
		})
}
