-- Did functions of the last `many` wait side by side, or one after another?

ngx.say(require("questions").most > 1 and "side by side" or "one after another")
