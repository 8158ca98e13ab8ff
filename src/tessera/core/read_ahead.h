#pragma once

#include <functional>
#include <future>
#include <optional>
#include <utility>

namespace tessera {

/// Makes the next item on another thread while the last one is used. `make` gives nothing after the
/// last item; what it throws is thrown by next().
template <class T>
class ReadAhead {
 public:
  using Make = std::function<std::optional<T>()>;
  explicit ReadAhead(Make make) : make_(std::move(make)) { start(); }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  std::optional<T> next() {
    std::optional<T> item = coming_.get();
    if (item) start();
    return item;
  }

 private:
  void start() {
    coming_ = std::async(std::launch::async, [this] { return make_(); });
  }

  Make make_;
  std::future<std::optional<T>> coming_;
};

}  // namespace tessera
