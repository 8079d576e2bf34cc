#pragma once

#include <string>

#include "api/views.h"
#include "base/result.h"
#include "model/matcher.h"
#include "series/snapshot.h"

namespace tocsin::api {

/// The matchers of a `match[]`: a series selector and nothing more, not even a range or an offset.
base::Result<model::Matchers> parse_selector(Queries& queries, const std::string& text);

/// Every series at any time.
series::Selection everything();

}  // namespace tocsin::api
