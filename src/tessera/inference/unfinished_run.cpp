#include "tessera/inference/unfinished_run.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/json.h"

namespace tessera {

namespace fs = std::filesystem;

UnfinishedRun::UnfinishedRun(fs::path out, std::string run, bool replace)
    : out_(fs::absolute(out).lexically_normal()), run_(std::move(run)), replace_(replace) {
  if (!out_.has_filename()) out_ = out_.parent_path();
  folder_ = out_.string() + ".partial";
  if (fs::exists(out_) && !fs::is_directory(out_))
    fail("{}: is a file, a folder was expected", out_.string());
  if (fs::exists(out_) && !fs::is_empty(out_) && !replace_)
    fail("{}: the folder is not empty; choose another, or pass --force to replace it",
         out_.string());
  if (fs::exists(list_path()))
    load();
  else if (fs::exists(folder_) && !fs::is_empty(folder_) && !replace_)
    fail("{}: holds something that is no unfinished prediction; move it away, or pass --force",
         folder_.string());
  if (!resumed_) {
    fs::remove_all(folder_);
    make_directories(folder_);
    save({});
  }
}

void UnfinishedRun::load() {
  const auto json = with_context(list_path().string(), [&] {
    return nlohmann::json::parse(read_text_file(list_path()), nullptr, false);
  });
  const bool whole = json.is_object() && json.contains("run") && json.contains("frame");
  if (!whole || json["run"] != run_) {
    if (replace_) return;
    fail(
        "{}: holds an unfinished prediction with another model, checkpoint or input; finish it "
        "with "
        "the command that began it, or pass --force to start anew",
        folder_.string());
  }
  position_ = {json["video"], json["frame"], {json["width"], json["height"]}, json["state"]};
  resumed_ = position_.video > 0 || position_.frame > 0;
}

fs::path UnfinishedRun::next_state() const {
  return folder_ / fmt::format("state-{}.safetensors", saves_);
}

void UnfinishedRun::save(const RunPosition& position) {
  const nlohmann::json json = {{"run", run_},
                               {"video", position.video},
                               {"frame", position.frame},
                               {"width", position.size.width},
                               {"height", position.size.height},
                               {"state", position.state}};
  write_text_file(list_path(), json.dump(1));
  if (!position_.state.empty() && position_.state != position.state)
    fs::remove(folder_ / position_.state);
  position_ = position;
  ++saves_;
}

void UnfinishedRun::finish() {
  if (!position_.state.empty()) fs::remove(folder_ / position_.state);
  fs::remove(list_path());
  std::error_code code;
  if (fs::exists(out_)) fs::remove_all(out_, code);
  fs::rename(folder_, out_, code);
  if (code)
    fail("{}: cannot be written ({}); the results are in {}", out_.string(), code.message(),
         folder_.string());
}

}  // namespace tessera
