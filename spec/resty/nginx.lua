-- nginx's own cosockets, by the name of a module.

return ngx.socket
