#include "tessera/inference/input_split.h"

#include <fmt/format.h>

#include "tessera/core/error.h"
#include "tessera/data/loader/data_config.h"
#include "tessera/data/open_dataset.h"

namespace tessera {

std::unique_ptr<Dataset> open_input_split(const std::string& input, const Config& config) {
  if (config.root().find("validation") == nullptr)
    fail(
        "{}: no such file or folder, and the configuration has no 'validation' dataset of which it "
        "could be a split",
        input);
  auto spec = config.section<DatasetSpec>("validation");
  spec.split = input;
  spec.without_labels = true;
  return with_context(fmt::format("{}: no such file or folder, taken for a split", input),
                      [&] { return open_dataset(spec); });
}

}  // namespace tessera
