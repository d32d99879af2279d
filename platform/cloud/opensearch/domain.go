package opensearch

// The control plane knows one domain, which is there from the beginning and
// stays: DescribeDomain, DescribeDomains and ListDomainNames find its address.
// Asking for it opens its port. Nothing can be changed.

import (
	"context"
	"net/http"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// DomainName is the name of the account's one domain.
const DomainName = "weir"

// Control declares the control plane's API to the cloud's root.
func (s *Service) Control() wire.Service {
	const domain = "/2021-01-01/opensearch/domain/{DomainName}"
	gaps := "changes to OpenSearch domains: there is one, named " + DomainName
	return wire.Service{
		SigningName: "es",
		Protocol:    wire.Protocol{Kind: wire.REST},
		Operations: []wire.Operation{
			wire.Op("DescribeDomain", s.domainAccess, s.describeDomain).At(http.MethodGet, domain),
			wire.Op("DescribeDomains", s.domainsAccess, s.describeDomains).At(http.MethodPost, "/2021-01-01/opensearch/domain-info"),
			wire.Op("ListDomainNames", s.listAccess, s.listDomainNames).At(http.MethodGet, "/2021-01-01/domain"),
			wire.Gap("CreateDomain", gaps).At(http.MethodPost, "/2021-01-01/opensearch/domain"),
			wire.Gap("DeleteDomain", gaps).At(http.MethodDelete, domain),
			wire.Gap("DescribeDomainConfig", "the configuration of OpenSearch domains").At(http.MethodGet, domain+"/config"),
			wire.Gap("UpdateDomainConfig", gaps).At(http.MethodPost, domain+"/config"),
			wire.Gap("DescribeDomainHealth", "the health of OpenSearch domains, which the domain itself tells").At(http.MethodGet, domain+"/health"),
			wire.Gap("ListTags", "tags of OpenSearch domains").At(http.MethodGet, "/2021-01-01/tags"),
			wire.Gap("AddTags", "tags of OpenSearch domains").At(http.MethodPost, "/2021-01-01/tags"),
		},
	}
}

// ARN is the domain's.
func (s *Service) ARN() string { return s.arnOf(DomainName) }

func (s *Service) arnOf(domain string) string {
	return "arn:aws:es:" + s.cfg.Region + ":" + s.cfg.Account + ":domain/" + domain
}

type domainInput struct{ DomainName string }

type domainsInput struct{ DomainNames []string }

type listInput struct {
	EngineType string `json:"engineType"`
}

func (s *Service) domainAccess(_ *wire.Call, in *domainInput) []wire.Access {
	return []wire.Access{{Action: "es:DescribeDomain", Resource: s.arnOf(in.DomainName)}}
}

func (s *Service) domainsAccess(_ *wire.Call, in *domainsInput) []wire.Access {
	var out []wire.Access
	for _, name := range in.DomainNames {
		out = append(out, wire.Access{Action: "es:DescribeDomains", Resource: s.arnOf(name)})
	}
	return out
}

func (s *Service) listAccess(*wire.Call, *listInput) []wire.Access {
	return []wire.Access{{Action: "es:ListDomainNames", Resource: "*"}}
}

func (s *Service) describeDomain(_ context.Context, _ *wire.Call, in *domainInput) (any, error) {
	if in.DomainName != DomainName {
		return nil, &wire.Error{Code: "ResourceNotFoundException", Message: "Domain not found: " + in.DomainName, Status: http.StatusConflict}
	}
	domain, err := s.domainStatus()
	return map[string]any{"DomainStatus": domain}, err
}

func (s *Service) describeDomains(_ context.Context, _ *wire.Call, in *domainsInput) (any, error) {
	list := []any{}
	for _, name := range in.DomainNames {
		if name != DomainName {
			continue
		}
		domain, err := s.domainStatus()
		if err != nil {
			return nil, err
		}
		list = append(list, domain)
	}
	return map[string]any{"DomainStatusList": list}, nil
}

func (s *Service) listDomainNames(_ context.Context, _ *wire.Call, in *listInput) (any, error) {
	list := []any{}
	if in.EngineType == "" || in.EngineType == "OpenSearch" {
		list = append(list, map[string]any{"DomainName": DomainName, "EngineType": "OpenSearch"})
	}
	return map[string]any{"DomainNames": list}, nil
}

// domainStatus has the endpoint as AWS gives it, without a scheme: EnforceHTTPS
// tells which one.
func (s *Service) domainStatus() (map[string]any, error) {
	url, err := s.URL()
	if err != nil {
		return nil, err
	}
	_, address, _ := strings.Cut(url, "://")
	return map[string]any{
		"ARN": s.ARN(), "DomainId": s.cfg.Account + "/" + DomainName, "DomainName": DomainName,
		"Created": true, "Deleted": false, "Processing": false, "UpgradeProcessing": false, "DomainProcessingStatus": "Active",
		"Endpoint": address, "EngineVersion": "OpenSearch_2.19",
		"ClusterConfig":               map[string]any{"InstanceCount": 1, "DedicatedMasterEnabled": false, "ZoneAwarenessEnabled": false},
		"DomainEndpointOptions":       map[string]any{"EnforceHTTPS": s.cfg.TLS != nil},
		"NodeToNodeEncryptionOptions": map[string]any{"Enabled": false},
		"EncryptionAtRestOptions":     map[string]any{"Enabled": false},
	}, nil
}
