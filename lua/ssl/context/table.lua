--- ssl.context.table: the table of ssl.context.
--
-- A program may keep this table, or put functions of its own there, as with LuaSec. So there
-- is one, and it comes before its functions: ssl.context.setters puts them there, and
-- leaves alone what the program has put there.

return {}
